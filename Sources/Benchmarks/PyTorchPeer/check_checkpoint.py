"""Loads a checkpoint that `elsa prune` wrote as any PyTorch user would, and measures it.

Prints one JSON object: images, correct, and for each pruned layer the most weights other than zero
in a group. Exits with 1 if a name or a shape is not timm's, or a group holds more than its pattern
allows. `check` beside this file makes the environment; see README.md.
"""

import argparse
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch.nn import functional

from peer import DeiT, swin


def most_in_group(weights, group_size):
    """Returns the most weights other than zero in a group of neighbouring inputs."""
    missing = -weights.shape[1] % group_size
    padded = functional.pad(weights, (0, missing))
    groups = padded.reshape(len(weights), -1, group_size)
    return int((groups != 0).sum(dim=2).max())


def crowded_layers(weights, genome):
    """Returns what each pruned layer holds at most, and the layers that hold too much."""
    most, crowded = {}, []
    for layer, pattern in genome["decisions"].items():
        kept, group_size = map(int, pattern.split(":"))
        most[layer] = most_in_group(weights[f"{layer}.weight"], group_size)
        if most[layer] > kept:
            crowded.append(f"{layer} holds {most[layer]} of {group_size}, more than {pattern}")
    return most, crowded


@torch.inference_mode()
def count_correct(model, images, labels, configuration, batch):
    """Returns how many of some images (U8, images × rows × columns × channels) are told right."""
    mean, deviation = (torch.tensor(configuration[key]) for key in ("mean", "std"))
    correct = 0
    for start in range(0, len(images), batch):
        pixels = images[start:start + batch].float() / 255
        logits = model(((pixels - mean) / deviation).permute(0, 3, 1, 2))
        correct += int((logits.argmax(dim=1) == labels[start:start + batch]).sum())
    return correct


def main():
    """Checks one checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", type=Path, help="a file that elsa prune --output wrote")
    parser.add_argument("data", type=Path, help="a set that elsa pack wrote")
    parser.add_argument("--batch", type=int, default=32)
    arguments = parser.parse_args()
    weights = load_file(arguments.checkpoint)
    configuration = json.loads((arguments.checkpoint.parent / "config.json").read_text())
    if configuration.get("architecture", "").startswith("swin_"):
        model = swin(configuration)
    else:
        model = DeiT(weights["cls_token"].shape[-1])
    model.load_state_dict(weights, strict=True)
    model.eval()
    genome = arguments.checkpoint.with_suffix(".genome.json")
    most, crowded = {}, []
    if genome.exists():
        most, crowded = crowded_layers(weights, json.loads(genome.read_text()))
    data = load_file(arguments.data)
    correct = count_correct(model, data["images"], data["labels"], configuration, arguments.batch)
    print(json.dumps({"images": len(data["labels"]), "correct": correct, "mostInGroup": most}))
    for line in crowded:
        print(line, file=sys.stderr)
    return 1 if crowded else 0


if __name__ == "__main__":
    sys.exit(main())
