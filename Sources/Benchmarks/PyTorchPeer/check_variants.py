"""Compares elsa's logits with timm's for small versions of every architecture that timm has.

The architectures are those of `vision_transformer.py`, `deit.py` and `swin_transformer.py`, with
fewer blocks and narrower tokens, and with what tells them apart. Every parameter is drawn at random
and large enough to matter: tokens are small, so that the constant of a norm shows. Prints a line for
each architecture and form of its configuration; exits with 1 if one is computed wrong, or fails
with anything but a sentence that names what is not supported. `check-variants` beside this file
makes the environment; see README.md.
"""

import argparse
import copy
import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy
import timm
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from timm.layers import LayerScale
from timm.models import _registry
from timm.models._hub import save_config_for_hf
from torch import nn

TOLERANCE = 5e-6
CLASSES = 7
MODULES = ("vision_transformer", "deit", "swin_transformer")
# The windows of the architectures whose names do not say them.
SEARCHED_WINDOWS = {"swin_s3_tiny_224": [7, 7, 14, 7], "swin_s3_small_224": [14, 14, 14, 7],
                    "swin_s3_base_224": [7, 7, 14, 7]}
# What a sentence that refuses an architecture may name.
REASONS = ("by attention", "SwiGLU", "in parallel", "RMSNorm", "norms inside", "normalise after",
           "differential", "GluMlp", "Parallel", "rmsnorm", "ResPostBlock", "\"diff\"",
           "scale_attn_norm")


def names():
    """Returns timm's names of the three files, without those that only point to others."""
    for module in MODULES:
        for name in sorted(_registry._module_to_models[module]):
            if name not in _registry._deprecated_models:
                yield module, name


# The architectures that are committed as fixtures, and what is changed of them.
FIXTURES = {
    "vit_small_patch14_reg4_dinov2": {},
    "vit_base_patch16_clip_quickgelu_224": {},
    "vit_base_patch32_siglip_gap_256": {},
    "vit_so150m2_patch16_reg1_gap_256": {},
    "vit_tiny_patch16_224": {
        "qk_norm": True, "act_layer": "silu", "global_pool": "avgmax", "proj_bias": False,
        "pos_embed": "none"},
}


def write_fixtures(folder):
    """Writes tiny models with timm's logits of two images: NAME.safetensors and NAME.json."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (name, changes) in enumerate(FIXTURES.items()):
        model = timm.create_model(
            name, num_classes=CLASSES, patch_size=4, img_size=16, embed_dim=16, depth=2,
            num_heads=2, **changes)
        randomize(model, seed)
        model.eval()
        save_config_for_hf(model, folder / f"{name}.json")
        saved = json.loads((folder / f"{name}.json").read_text())
        pixels = numpy.random.default_rng(seed).integers(
            0, 256, (2, 16, 16, 3), dtype=numpy.uint8)
        tensors = {key: value.contiguous() for key, value in model.state_dict().items()}
        tensors["golden.pixels"] = torch.from_numpy(pixels)
        tensors["golden.logits"] = logits_of(model, pixels, saved).contiguous()
        save_file(tensors, folder / f"{name}.safetensors")


def small_model(module, name):
    """Returns a small version of an architecture."""
    whole = timm.create_model(name, num_classes=CLASSES, **(
        {"depths": (1, 1, 1, 1), "embed_dim": 8, "num_heads": (1, 1, 1, 1)}
        if module.startswith("swin") else {"depth": 1, "embed_dim": 12, "num_heads": 1}))
    patch = whole.patch_embed.patch_size[0]
    if module.startswith("swin"):
        window = whole.layers[0].blocks[0].window_size[0]
        return timm.create_model(
            name, num_classes=CLASSES, img_size=4 * (2 * window + 1), embed_dim=16,
            depths=(2, 2, 2, 2), num_heads=(1, 2, 4, 8))
    rest = whole.patch_embed.img_size[0] % patch
    return timm.create_model(
        name, num_classes=CLASSES, img_size=4 * patch + rest, embed_dim=48, depth=2, num_heads=2)


@torch.no_grad()
def randomize(model, seed):
    """Draws every parameter."""
    generator = torch.Generator().manual_seed(seed)

    def normal(parameter, scale):
        parameter.copy_(scale * torch.randn(parameter.shape, generator=generator))

    def uniform(parameter, low, high):
        parameter.copy_(low + (high - low) * torch.rand(parameter.shape, generator=generator))

    # Tokens that are normalised first are not small any more when blocks add to them.
    is_normalized = any(name.startswith(("norm_pre", "patch_embed.norm"))
                        for name, _ in model.named_parameters())
    small = ["patch_embed.proj", "pos_embed", "_token"]
    small += [] if is_normalized else ["attn.proj", "fc2"]
    for name, parameter in model.named_parameters():
        is_small = any(part in name for part in small)
        scale = 0.01 if is_small else 1
        if "relative_position" in name:
            normal(parameter, 1)
        elif "gamma" in name:
            uniform(parameter, 0.1, 1)
        elif "norm" in name and name.endswith("weight"):
            uniform(parameter, 0.7, 1.3)
        elif parameter.dim() >= 2 and "token" not in name and "pos_embed" not in name:
            normal(parameter, 1.5 * scale / parameter[0].numel() ** 0.5)
        else:
            normal(parameter, 0.3 * scale if name.endswith("bias") else scale)


def flat_configuration(module, model, saved):
    """Returns a configuration that names no known architecture: every key at the top."""
    cfg = saved["pretrained_cfg"]
    keys = {key: cfg[key] for key in ("mean", "std", "interpolation", "crop_pct", "crop_mode")}
    keys |= {"num_classes": CLASSES, "in_chans": 3, "global_pool": model.global_pool}
    keys["img_size"] = list(model.patch_embed.img_size)
    keys["patch_size"] = model.patch_embed.patch_size[0]
    if module.startswith("swin"):
        block = model.layers[0].blocks[0]
        keys |= {"architecture": "swin_custom", "embed_dim": model.embed_dim,
                 "depths": [len(layer.blocks) for layer in model.layers],
                 "num_heads": [layer.blocks[0].attn.num_heads for layer in model.layers],
                 "window_size": saved["window"], "qkv_bias": block.attn.qkv.bias is not None}
        return keys
    block = model.blocks[0]
    norm = next(part for part in model.modules() if "Norm" in type(part).__name__)
    keys |= {"architecture": "vit_custom", "embed_dim": model.embed_dim,
             "depth": len(model.blocks), "block_fn": type(block).__name__,
             "norm_layer": type(norm).__name__.lower(), "ln_eps": norm.eps,
             "class_token": model.has_class_token, "reg_tokens": model.num_reg_tokens,
             "no_embed_class": model.no_embed_class,
             "pre_norm": not isinstance(model.norm_pre, nn.Identity),
             "pool_include_prefix": model.pool_include_prefix,
             "distilled": hasattr(model, "dist_token"),
             "fc_norm": not isinstance(model.fc_norm, nn.Identity)}
    keys["final_norm"] = keys["fc_norm"] or not isinstance(model.norm, nn.Identity)
    if type(block).__name__ == "Block":
        act = {"GELU": "gelu", "QuickGELU": "quick_gelu", "GELUTanh": "gelu_tanh",
               "SiLU": "silu"}[type(block.mlp.act).__name__]
        keys |= {"num_heads": block.attn.num_heads, "mlp_layer": type(block.mlp).__name__,
                 "mlp_ratio": block.mlp.fc1.out_features / model.embed_dim
                 if hasattr(block.mlp, "fc1") else 4, "act_layer": act,
                 "qkv_bias": block.attn.qkv.bias is not None,
                 "proj_bias": block.attn.proj.bias is not None,
                 "qk_norm": not isinstance(getattr(block.attn, "q_norm", nn.Identity()),
                                           nn.Identity),
                 "init_values": 1e-5 if isinstance(block.ls1, LayerScale) else None}
        if type(block.attn).__name__ == "DiffAttention":
            keys["attn_layer"] = "diff"
        if getattr(block.attn, "norm", None) is not None:
            keys["scale_attn_norm"] = not isinstance(block.attn.norm, nn.Identity)
    else:
        keys["num_heads"] = 2
    return keys


def write_images(folder, size, count, seed):
    """Writes random images with labels, and returns them: (images × rows × columns × channels)."""
    folder.mkdir()
    pixels = numpy.random.default_rng(seed).integers(0, 256, (count, *size, 3), dtype=numpy.uint8)
    lines = []
    for index, image in enumerate(pixels):
        Image.fromarray(image).save(folder / f"{index:03}.png")
        lines.append(f"{index:03}.png {index % CLASSES}\n")
    (folder / "labels.txt").write_text("".join(lines))
    return pixels


@torch.inference_mode()
def logits_of(model, pixels, configuration):
    """Returns timm's logits of images."""
    cfg = configuration["pretrained_cfg"]
    images = torch.from_numpy(pixels).float() / 255
    images = (images - torch.tensor(cfg["mean"])) / torch.tensor(cfg["std"])
    return model(images.permute(0, 3, 1, 2))


def elsa_logits(elsa, folder, images, precision):
    """Returns elsa's logits, or what it says instead."""
    output = folder / "logits.safetensors"
    output.unlink(missing_ok=True)
    done = subprocess.run(
        [elsa, "evaluate", "--model", folder, "--data", images, "--resize", "none", "--logits",
         output, "--precision", precision, "--threads", "1", "--json"],
        capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return None, done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no reason"
    return load_file(output)["logits"], None


def distance(found, expected):
    """Returns the largest difference as a part of the logits' range."""
    return float((found - expected).abs().max() / (expected.max() - expected.min()))


def mistakes(model):
    """Yields models with one mistake each."""
    def changed(change):
        other = copy.deepcopy(model)
        return other if change(other) else None

    def epsilon(other):
        for part in other.modules():
            if isinstance(part, nn.LayerNorm):
                part.eps = 1e-5 if part.eps < 5e-6 else 1e-6
        return True

    def gelu(other):
        found = False
        for part in other.modules():
            if hasattr(part, "fc1") and "GELU" in type(part.act).__name__:
                is_exact = type(part.act).__name__ == "GELU"
                part.act = nn.GELU(approximate="tanh" if is_exact else "none")
                found = True
        return found

    def pooling(other):
        if not hasattr(other, "blocks") or hasattr(other, "dist_token"):
            return False
        other.global_pool = "avg" if other.global_pool == "token" else "max"
        return True

    def block(other):
        if not hasattr(other, "blocks"):
            return False
        other.blocks = other.blocks[:-1]
        return True

    def scale(other):
        found = [part for part in other.modules() if isinstance(part, LayerScale)]
        for part in found:
            part.gamma.data.fill_(1)
        return bool(found)

    def registers(other):
        if getattr(other, "reg_token", None) is None:
            return False
        other.reg_token.data.zero_()
        return True

    for name, change in (("epsilon", epsilon), ("GELU", gelu), ("pooling", pooling),
                         ("last block", block), ("LayerScale", scale), ("registers", registers)):
        other = changed(change)
        if other is not None:
            yield name, other


def main():
    """Checks all architectures, or those named."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("elsa", type=Path)
    parser.add_argument("work", type=Path, help="an empty folder")
    parser.add_argument("--only", nargs="*", help="names; default: all")
    parser.add_argument("--images", type=int, default=3)
    parser.add_argument("--precision", default="f32")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE)
    parser.add_argument("--fixtures", action="store_true", help="write the fixtures to WORK alone")
    arguments = parser.parse_args()
    if arguments.fixtures:
        write_fixtures(arguments.work)
        return 0
    warnings.simplefilter("ignore")
    counts = {"agrees": 0, "refused": 0, "WRONG": 0}
    for place, (module, name) in enumerate(names()):
        if arguments.only and name not in arguments.only:
            continue
        torch.manual_seed(place)
        model = small_model(module, name)
        randomize(model, place)
        model.eval()
        folder = arguments.work / name
        folder.mkdir(parents=True)
        save_file({key: value.contiguous() for key, value in model.state_dict().items()},
                  folder / "model.safetensors")
        save_config_for_hf(model, folder / "config.json")
        saved = json.loads((folder / "config.json").read_text())
        if module.startswith("swin"):
            saved["window"] = SEARCHED_WINDOWS.get(name) or int(
                name.split("window")[1].split("_")[0])
        pixels = write_images(
            folder / "images", model.patch_embed.img_size, arguments.images, place)
        expected = logits_of(model, pixels, saved)
        moved = {}
        for form in ("timm", "flat"):
            if form == "flat":
                (folder / "config.json").write_text(
                    json.dumps(flat_configuration(module, model, saved)))
            found, reason = elsa_logits(
                arguments.elsa, folder, folder / "images", arguments.precision)
            if found is None:
                is_true = any(part in reason for part in REASONS)
                result = "refused" if is_true else "WRONG"
                text = reason.replace(str(folder), "…")
            else:
                difference = distance(found, expected)
                result = "agrees" if difference <= arguments.tolerance else "WRONG"
                text = f"{difference:.1e}"
                if form == "timm" and place % 7 == 1 or result == "WRONG":
                    moved = {kind: distance(logits_of(other, pixels, saved), expected)
                             for kind, other in mistakes(model)}
            counts[result] += 1
            print(f"{name:40} {form:5} {result:8} {text}", flush=True)
        if moved:
            print("    a mistake moves: "
                  + ", ".join(f"{kind} {value:.1e}" for kind, value in moved.items()), flush=True)
    print(", ".join(f"{count} {kind}" for kind, count in counts.items()))
    return 1 if counts["WRONG"] else 0


if __name__ == "__main__":
    sys.exit(main())
