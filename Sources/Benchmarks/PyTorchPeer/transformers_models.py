"""Writes small random models of the library transformers, and what it computes with them.

Each folder has config.json, preprocessor_config.json and model.safetensors as save_pretrained
writes them, and golden.safetensors: images (U8, N x height x width x 3), labels (I32: the likeliest
class) and logits (F32, N x classes). Every parameter is drawn at random and large enough to matter.
`check-formats` beside this file compares Elsa with them; three folders are committed as fixtures of
the tests (Tests/Fixtures/transformers).
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import (DeiTConfig, DeiTForImageClassificationWithTeacher, SwinConfig,
                          SwinForImageClassification, ViTConfig, ViTForImageClassification)

CLASSES = 5
PLAIN = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
             image_size=24, patch_size=8, num_labels=CLASSES)
SWIN = dict(image_size=32, patch_size=4, embed_dim=8, depths=[2, 2], num_heads=[2, 4],
            window_size=4, mlp_ratio=2.5, num_labels=CLASSES)


def models():
    """Yields the name and the model of each form."""
    yield "vit", ViTForImageClassification(ViTConfig(**PLAIN))
    yield "vit_without_bias", ViTForImageClassification(ViTConfig(**PLAIN, qkv_bias=False))
    yield "deit", DeiTForImageClassificationWithTeacher(DeiTConfig(**PLAIN))
    yield "swin", SwinForImageClassification(SwinConfig(**SWIN))
    yield "swin_one_window", SwinForImageClassification(
        SwinConfig(**{**SWIN, "image_size": 56, "window_size": 7}))


def draw(model, generator):
    """Draws every parameter: norms' weights near 1, all else around 0."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = torch.randn(parameter.shape, generator=generator) * 0.3
            is_scale = "norm" in name and name.endswith("weight")
            parameter.copy_(values + 1 if is_scale else values)


def coloured_images(count, side, generator):
    """Returns noise over quarters of random colours, as U8."""
    quarters = torch.randint(0, 200, (count, 2, 2, 3), generator=generator)
    noise = torch.randint(0, 56, (count, side, side, 3), generator=generator)
    half = side // 2
    return (quarters.repeat_interleave(half, 1).repeat_interleave(half, 2) + noise).to(torch.uint8)


@torch.inference_mode()
def logits_of(model, images, mean, deviation):
    """Returns the logits of some images, each channel normalised."""
    pixels = (images.float() / 255 - torch.tensor(mean)) / torch.tensor(deviation)
    return model(pixels.permute(0, 3, 1, 2).contiguous()).logits


def write(name, model, folder, image_count):
    """Writes one model and its answers."""
    generator = torch.Generator().manual_seed(17)
    model.eval()
    draw(model, generator)
    side = model.config.image_size
    images = coloured_images(image_count, side, generator)
    mean, deviation = [0.45, 0.5, 0.55], [0.25, 0.3, 0.2]
    head = model.cls_classifier if hasattr(model, "cls_classifier") else model.classifier
    # No class is every answer.
    factor = 2 if hasattr(model, "cls_classifier") else 1
    with torch.no_grad():
        head.bias -= factor * logits_of(model, images, mean, deviation).mean(0)
    logits = logits_of(model, images, mean, deviation)
    path = folder / name
    path.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(path)
    (path / "preprocessor_config.json").write_text(json.dumps({
        "do_normalize": True, "do_rescale": True, "do_resize": True, "image_mean": mean,
        "image_std": deviation, "resample": 3, "rescale_factor": 1 / 255,
        "image_processor_type": "ViTImageProcessor", "size": {"height": side, "width": side},
    }, indent=2) + "\n")
    save_file({"images": images, "labels": logits.argmax(1).to(torch.int32), "logits": logits},
              path / "golden.safetensors")


def main():
    """Writes all models."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=12)
    parser.add_argument("--only", help="the names of some models, with commas")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    wanted = arguments.only.split(",") if arguments.only else None
    for name, model in models():
        if wanted is None or name in wanted:
            write(name, model, arguments.folder, arguments.images)


if __name__ == "__main__":
    main()
