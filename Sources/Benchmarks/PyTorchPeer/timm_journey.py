"""Takes a small model from timm through Elsa and back.

`write` makes the model: config.json and model.safetensors as timm's save_for_hf writes them, in
bf16, and images.safetensors with what timm answers as labels (committed: Tests/Fixtures/timm).
`check` runs elsa models check, check, search and prune --run --point on such a folder, loads what
was written in timm, every key, and compares the count of right answers with the reported one.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import timm
import torch
from safetensors.torch import load_file, save_file
from timm.models._hub import save_for_hf

ARCHITECTURE = "vit_tiny_patch16_224"
SIZES = dict(img_size=16, patch_size=4, embed_dim=24, depth=2, num_heads=3, num_classes=5)


def coloured_images(count, side, generator):
    """Returns noise over quarters of random colours, as U8."""
    quarters = torch.randint(0, 200, (count, 2, 2, 3), generator=generator)
    noise = torch.randint(0, 56, (count, side, side, 3), generator=generator)
    half = side // 2
    return (quarters.repeat_interleave(half, 1).repeat_interleave(half, 2) + noise).to(torch.uint8)


@torch.inference_mode()
def logits_of(model, images, configuration):
    """Returns the logits of some images."""
    given = configuration["pretrained_cfg"]
    pixels = images.float() / 255
    pixels = (pixels - torch.tensor(given["mean"])) / torch.tensor(given["std"])
    return model(pixels.permute(0, 3, 1, 2).contiguous())


def write(folder, count):
    """Writes the model and its images."""
    generator = torch.Generator().manual_seed(23)
    model = timm.create_model(ARCHITECTURE, pretrained=False, **SIZES).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = torch.randn(parameter.shape, generator=generator) * 0.3
            parameter.copy_(values + 1 if "norm" in name and name.endswith("weight") else values)
    images = coloured_images(count, SIZES["img_size"], generator)
    model = model.to(torch.bfloat16).float()
    configuration = {"pretrained_cfg": model.pretrained_cfg}
    with torch.no_grad():
        bias = model.head.bias - logits_of(model, images, configuration).mean(0)
        model.head.bias.copy_(bias.to(torch.bfloat16))
    labels = logits_of(model, images, configuration).argmax(1).to(torch.int32)
    save_for_hf(model.to(torch.bfloat16), folder, safe_serialization=True, model_args=SIZES)
    # One number for a square, as earlier versions wrote it.
    path = folder / "config.json"
    configuration = json.loads(path.read_text())
    configuration["model_args"]["img_size"] = SIZES["img_size"]
    path.write_text(json.dumps(configuration, indent=2) + "\n")
    save_file({"images": images, "labels": labels}, folder / "images.safetensors")


def run(program, *arguments):
    """Returns what elsa prints."""
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"elsa {' '.join(map(str, arguments))}: {done.stdout}{done.stderr}")
    return done.stdout


def check(program, folder, work):
    """Goes from the checkpoint to a pruned one that timm loads; returns whether counts agree."""
    run(program, "models", "check", folder, "--data", folder / "images.safetensors")
    run_file = work / "run.yaml"
    run_file.write_text(f"""
model: {{weights: {folder}}}
data: {{search: {folder / "images.safetensors"}}}
patterns: ["1:4", "2:4", "4:4"]
pruning: magnitude
accelerator: {{profile: systolic32, batch: 8}}
search: {{population: 4, evaluations: 12, seed: 3}}
precision: f32
""")
    run(program, "check", run_file)
    run(program, "search", run_file, "--workers", "1", "--run-directory", work / "run")
    points = json.loads(run(program, "front", work / "run", "--json"))["points"]
    configuration = json.loads((folder / "config.json").read_text())
    data = load_file(folder / "images.safetensors")
    agrees = True
    for place, point in enumerate(points, start=1):
        output = work / f"{place}.safetensors"
        run(program, "prune", "--run", work / "run", "--point", place, "--output", output)
        weights = load_file(output)
        model = timm.create_model(ARCHITECTURE, pretrained=False, **SIZES).eval()
        model.load_state_dict({name: value.float() for name, value in weights.items()})
        right = logits_of(model, data["images"], configuration).argmax(1) == data["labels"]
        reported = round(point["accuracy"] * len(right))
        print(f"point {place}: elsa {reported}, timm {int(right.sum())} of {len(right)}, "
              f"{weights['head.weight'].dtype}")
        agrees = agrees and abs(int(right.sum()) - reported) <= 1
    return agrees and bool(points)


def main():
    """Writes or checks."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("task", choices=["write", "check"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=40)
    parser.add_argument("--elsa", default=".build/release/elsa")
    arguments = parser.parse_args()
    if arguments.task == "write":
        write(arguments.folder, arguments.images)
        return 0
    with tempfile.TemporaryDirectory() as work:
        return 0 if check(arguments.elsa, arguments.folder.resolve(), Path(work)) else 1


if __name__ == "__main__":
    sys.exit(main())
