#!/usr/bin/env python3
"""Fits the landscape of `elsa benchmark search` to measurements of DeiT-Tiny.

usage: fit_search_table.py genomes  > many.jsonl
       fit_search_table.py fit many.jsonl measured.jsonl ESTIMATE.json … > DeiTTinyTable.swift

`genomes` writes what is to be measured: uniform genomes, every single change of the dense one, 300
pairs of changes and 300 random genomes. They are measured with the weights of a run's bank:

  elsa evaluate --model deit_tiny/ --data my-run/search.safetensors --precision bf16 \\
    --bank my-run/bank.safetensors --genomes many.jsonl > measured.jsonl

and the cycles are those of `elsa estimate --model deit_tiny/ --accelerator systolic32 --batch 8
--uniform N:M --json` for 1:4, 2:4, 3:4 and 4:4, in this order.

The rise of the mean loss is (the sum of effects and of couplings of pairs) to the power of DEGREE:
effects are the roots of what single changes lose, times a factor that random genomes give; couplings
are what measured pairs lose beyond what pairs usually do, halved, since they are noisy.
"""
import json
import math
import random
import sys

PATTERNS = ["1:4", "2:4", "3:4", "4:4"]
DEGREE = 1.4
LEAST = [0.0032, 0.0012, 0.0004]


def names():
  return [f"blocks.{b}.{l}" for b in range(12)
          for l in ("attn.qkv", "attn.proj", "mlp.fc1", "mlp.fc2")]


def genomes():
  chance = random.Random(1)
  def line(kind, genes):
    decisions = {n: PATTERNS[g] for n, g in zip(names(), genes)}
    print(json.dumps({"kind": kind, "decisions": decisions}))
  for gene in (3, 2, 1, 0):
    line("uniform", [gene] * 48)
  for layer in range(48):
    for gene in (2, 1, 0):
      line("single", [gene if i == layer else 3 for i in range(48)])
  for pair in range(300):
    # Neighbours, layers of one kind or one block, then any.
    if pair < 47:
      first, second = pair, pair + 1
    elif pair < 83:
      first = pair - 47
      second = min(first + (2 if first % 4 < 2 else 4), 47)
    else:
      first, second = chance.sample(range(48), 2)
    genes = [3] * 48
    genes[first], genes[second] = chance.choice([0, 0, 1]), chance.choice([0, 0, 1])
    line("pair", genes)
  for _ in range(300):
    weights = [chance.random() ** 2 * 0.5, chance.random(), chance.random() * 0.7, chance.random()]
    line("random", [chance.choices(range(4), weights)[0] for _ in range(48)])


def fit(asked, measured, estimates):
  asked = [json.loads(line) for line in open(asked)]
  found = [json.loads(line) for line in open(measured)]
  dense = found[0]["meanLoss"]
  cases = []
  for result in found:
    entry = asked[result["line"] - 1]
    genes = [PATTERNS.index(entry["decisions"][n]) for n in names()]
    cases.append((entry["kind"], genes, result["meanLoss"] - dense))
  effects = [[0.0] * 3 for _ in range(48)]
  for kind, genes, rise in cases:
    if kind == "single":
      layer = next(i for i, g in enumerate(genes) if g != 3)
      effects[layer][genes[layer]] = max(rise, LEAST[genes[layer]])
  for row in effects:
    row[1] = min(row[1], row[0])
    row[2] = min(row[2], row[1])
    row[:] = [value ** (1 / DEGREE) for value in row]
  def total(genes):
    return sum(effects[i][g] for i, g in enumerate(genes) if g != 3)
  useful = [(total(g), rise ** (1 / DEGREE)) for kind, g, rise in cases
            if kind == "random" and 0.02 < rise < 3]
  factor = sum(x * y for x, y in useful) / sum(x * x for x, _ in useful)
  couplings = {}
  for kind, genes, rise in cases:
    changed = [i for i, g in enumerate(genes) if g != 3]
    if kind != "pair" or len(changed) != 2:
      continue
    own = [effects[i][genes[i]] for i in changed]
    extra = max(rise, 0) ** (1 / DEGREE) - sum(own)
    couplings[tuple(changed)] = 0.5 * extra / math.sqrt(own[0] * own[1])
  # Two layers alone lose about the sum of what each loses; that more do lose more is in the power.
  middle = sorted(couplings.values())[len(couplings) // 2]
  couplings = {pair: max(-0.3, min(0.3, strength - middle))
               for pair, strength in couplings.items()}
  estimates = [json.load(open(path)) for path in estimates]
  cycles = [[next(l["cycles"] for l in e["layers"] if l["name"] == n) for e in estimates]
            for n in names()]
  fixed = estimates[3]["latencyCycles"] - sum(row[3] for row in cycles)
  scaled = [[value * factor for value in row] for row in effects]
  print("// Written by fit_search_table.py from measurements of DeiT-Tiny; see there.\n")
  print("/// What layers of DeiT-Tiny lose and cost, pattern by pattern: 1:4, 2:4, 3:4.")
  print("enum DeiTTinyTable {")
  print("  /// The power of the sum of effects that is the rise of the mean loss.")
  print(f"  static let degree = {DEGREE}")
  print("  /// The share of 450 images that the dense model has right.")
  print(f"  static let accuracy = {found[0]['correctCount'] / 450:.6f}")
  print("  /// The mean loss of the dense model.")
  print(f"  static let meanLoss = {dense:.6f}")
  print("  /// The cycles that every genome pays, for a batch of 8 on `systolic32`.")
  print(f"  static let fixedCycles = {fixed}")
  print("  /// The effects of each layer at 1:4, 2:4 and 3:4.")
  print("  static let effects: [[Double]] = [")
  for row in scaled:
    print("    [" + ", ".join(f"{value:.5f}" for value in row) + "],")
  print("  ]")
  print("  /// The cycles of each layer at 1:4, 2:4, 3:4 and 4:4.")
  print("  static let cycles: [[Int]] = [")
  for row in cycles:
    print("    [" + ", ".join(str(value) for value in row) + "],")
  print("  ]")
  print("  /// Two layers, and by how many thousandths of the root of their effects' product more is")
  print("  /// lost together.")
  print("  static let couplings: [[Int]] = [")
  parts = [f"[{a}, {b}, {round(w * 1000)}]" for (a, b), w in sorted(couplings.items())]
  for start in range(0, len(parts), 6):
    print("    " + ", ".join(parts[start:start + 6]) + ",")
  print("  ]\n}")


if sys.argv[1:2] == ["genomes"]:
  genomes()
elif sys.argv[1:2] == ["fit"] and len(sys.argv) == 8:
  fit(sys.argv[2], sys.argv[3], sys.argv[4:])
else:
  sys.exit(__doc__)
