"""Summarises what `compare` measured: medians over rounds, and Elsa's ratios to PyTorch.

Usage: summary.py FIGURES            (JSON lines with a "side": "elsa" or "pytorch")
       summary.py --flatten SIDE     (JSON from standard input, to such lines)
"""

import json
import statistics
import sys


def flatten(side, text):
    """Returns a JSON array, or JSON lines, as lines that name their side."""
    text = text.strip()
    values = json.loads(text) if text.startswith("[") else map(json.loads, text.splitlines())
    return [json.dumps({"side": side, **value}) for value in values]


def medians(figures, fields):
    """Returns the median images/s of the figures that agree in all fields, in their order."""
    groups = {}
    for figure in figures:
        groups.setdefault(tuple(figure[field] for field in fields), []).append(
            figure["imagesPerSecond"])
    return {key: statistics.median(values) for key, values in groups.items()}


def short(model):
    """Returns a model's name without patch and image size, as the peer has it."""
    return model.removesuffix("_patch16_224").removesuffix("_patch4_window7_224")


def table(rows):
    """Returns rows as lines of aligned columns: words on the left, numbers on the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]

    def cell(text, width):
        is_number = text[:1].isdigit() and ":" not in text or text == "-"
        return text.rjust(width) if is_number else text.ljust(width)

    return ["  ".join(cell(text, width) for text, width in zip(row, widths)).rstrip()
            for row in rows]


def summary(figures):
    """Returns the lines of the report."""
    figures = [{**figure, "model": short(figure["model"])} for figure in figures]
    peer = medians([figure for figure in figures if figure["side"] == "pytorch"],
                   ["model", "precision", "compile", "batch"])
    ours = medians([figure for figure in figures if figure["side"] == "elsa"],
                   ["model", "precision", "pattern"])

    def best(model, precision, **wanted):
        speeds = [speed for (name, kind, mode, batch), speed in peer.items()
                  if (name, kind) == (model, precision)
                  and wanted.get("mode", mode) == mode and wanted.get("batch", batch) == batch]
        return max(speeds, default=None)

    rows = [["PyTorch", "precision", "compile", "batch", "images/s"]]
    rows += [[model, precision, mode, str(batch), f"{speed:.2f}"]
             for (model, precision, mode, batch), speed in peer.items()]
    lines = table(rows) + [""]

    precisions = list(dict.fromkeys(precision for _, precision, _, _ in peer))
    headings = ["Elsa", "precision", "pattern", "images/s"]
    for precision in precisions:
        headings += [f"× {precision} off, batch 8", f"× {precision} best"]
    rows = [headings]
    for (model, precision, pattern), speed in ours.items():
        row = [model, precision, pattern, f"{speed:.2f}"]
        for other in precisions:
            for reference in (best(model, other, mode="off", batch=8), best(model, other)):
                row.append(f"{speed / reference:.2f}" if reference else "-")
        rows.append(row)
    return lines + table(rows)


def main():
    """Flattens standard input, or prints the report of a file."""
    if len(sys.argv) == 3 and sys.argv[1] == "--flatten":
        lines = flatten(sys.argv[2], sys.stdin.read())
    elif len(sys.argv) == 2:
        with open(sys.argv[1], encoding="utf-8") as file:
            lines = summary([json.loads(line) for line in file])
    else:
        sys.exit(__doc__.strip())
    for line in lines:
        print(line)


if __name__ == "__main__":
    main()
