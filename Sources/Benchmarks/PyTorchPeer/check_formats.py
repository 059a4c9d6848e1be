"""Compares Elsa with the library that a checkpoint comes from, in every format that Elsa reads.

For each model: the log-probabilities of `elsa evaluate` against those of transformers, dense; then
`elsa prune --uniform 2:4`, whose files the library must load with every key, and compute as Elsa
does. `check-formats` beside this file makes the environment; see README.md.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional
import transformers
from transformers import (DeiTForImageClassificationWithTeacher, SwinForImageClassification,
                          ViTForImageClassification)

from transformers_models import CLASSES, logits_of

MODELS = {"vit": ViTForImageClassification, "deit": DeiTForImageClassificationWithTeacher,
          "swin": SwinForImageClassification}
TOLERANCE = 1e-4


def run(program, *arguments):
    """Returns what elsa prints."""
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"check-formats: elsa {' '.join(map(str, arguments))}: {done.stderr}")
    return done.stdout


def log_probabilities(program, model, images, folder):
    """Returns what elsa computes, class by class: a loss is minus a log-probability."""
    genomes = folder / "dense.jsonl"
    names = json.loads((folder / "pruned" / "model.genome.json").read_text())["decisions"]
    columns = []
    for label in range(CLASSES):
        data = folder / f"label{label}.safetensors"
        save_file({"images": images, "labels": torch.full((len(images),), label).int()}, data)
        genomes.write_text(json.dumps({"decisions": {name: "4:4" for name in names}}) + "\n")
        out = run(program, "evaluate", "--model", model, "--data", data, "--genomes", genomes,
                  "--precision", "f32")
        columns.append(torch.tensor(json.loads(out)["losses"]))
    return -torch.stack(columns, dim=1)


def library(path):
    """Loads a model with its own library, and the images' mean and deviation."""
    kind = json.loads((path / "config.json").read_text())["model_type"]
    model, found = MODELS[kind].from_pretrained(path, output_loading_info=True)
    faults = {key: value for key, value in found.items() if value}
    if faults:
        sys.exit(f"check-formats: {path}: transformers says {faults}")
    return model.eval()


def distance(program, path, images, processor, folder):
    """Returns the largest difference, relative to the range of the log-probabilities."""
    theirs = logits_of(library(path), images, processor["image_mean"], processor["image_std"])
    theirs = functional.log_softmax(theirs, dim=1)
    ours = log_probabilities(program, path, images, folder)
    return float((ours - theirs).abs().max() / (theirs.max() - theirs.min()))


def check(program, path, folder):
    """Checks one model, dense and pruned; returns whether both agree."""
    images = load_file(path / "golden.safetensors")["images"]
    processor = json.loads((path / "preprocessor_config.json").read_text())
    model = folder / "dense"
    model.mkdir()
    for name in ("config.json", "preprocessor_config.json", "model.safetensors"):
        (model / name).write_bytes((path / name).read_bytes())
    pruned = folder / "pruned"
    pruned.mkdir()
    run(program, "prune", "--model", model, "--uniform", "2:4", "--output",
        pruned / "model.safetensors")
    distances = [distance(program, form, images, processor, folder) for form in (model, pruned)]
    agrees = max(distances) <= TOLERANCE
    print(f"{path.name:20} dense {distances[0]:.1e}  pruned {distances[1]:.1e}  "
          f"{'agrees' if agrees else 'WRONG'}")
    return agrees


def main():
    """Checks every model of a folder."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", type=Path, help="what transformers_models.py wrote")
    parser.add_argument("--elsa", required=True)
    arguments = parser.parse_args()
    transformers.utils.logging.disable_progress_bar()
    results = []
    for path in sorted(arguments.models.iterdir()):
        with tempfile.TemporaryDirectory() as folder:
            results.append(check(arguments.elsa, path, Path(folder)))
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
