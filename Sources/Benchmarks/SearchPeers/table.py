#!/usr/bin/env python3
"""Prints entries of searches (JSON lines of peers.py, JSON of `elsa benchmark search`) as one table."""
import json
import sys


def entries(path):
  with open(path, encoding="utf-8") as file:
    text = file.read()
  try:
    return json.loads(text)["entries"]
  except (json.JSONDecodeError, KeyError):
    return [json.loads(line) for line in text.splitlines() if line]


def main():
  found = [entry for path in sys.argv[1:] for entry in entries(path)]
  budgets = sorted({entry["evaluations"] for entry in found})
  cells = {(entry["method"], entry["evaluations"]): entry for entry in found}
  print("| method | " + " | ".join(map(str, budgets)) + " |")
  print("| --- |" + " --- |" * len(budgets))
  for method in dict.fromkeys(entry["method"] for entry in found):
    row = []
    for budget in budgets:
      entry = cells.get((method, budget))
      row.append("–" if entry is None else "{:.3f} ({:.3f}–{:.3f})".format(
        entry["median"], entry["lowerQuartile"], entry["upperQuartile"]))
    print(f"| {method} | " + " | ".join(row) + " |")


if __name__ == "__main__":
  main()
