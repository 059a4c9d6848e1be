"""Measures images a second of PyTorch's DeiT-T/S/B and timm's Swin-T/S/B on this machine's CPU.

Writes one JSON object a line: model, precision, pattern ("dense"), threads, compile, batch,
imagesPerSecond. Weights are random, images too: speed does not depend on them. `run` beside this
file makes the environment and pins the process; see README.md.
"""

import argparse
import json
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional

WIDTHS = {"deit_tiny": 192, "deit_small": 384, "deit_base": 768}
SWINS = {name: f"{name}_patch4_window7_224" for name in ["swin_tiny", "swin_small", "swin_base"]}
SWIN_SIZES = ["img_size", "patch_size", "in_chans", "num_classes", "embed_dim", "depths",
              "num_heads", "window_size", "mlp_ratio", "qkv_bias"]
PRECISIONS = {"f32": torch.float32, "bf16": torch.bfloat16}
COMPILE_MODES = ["off", "on", "freezing"]
DEPTH, HEAD_WIDTH, IMAGE, PATCH, CLASSES = 12, 64, 224, 16, 1000


class Attention(nn.Module):
    """Self-attention over all tokens, through PyTorch's fused operator."""

    def __init__(self, width):
        super().__init__()
        self.heads = width // HEAD_WIDTH
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x):
        images, tokens, width = x.shape
        split = self.qkv(x).reshape(images, tokens, 3, self.heads, HEAD_WIDTH)
        queries, keys, values = split.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = functional.scaled_dot_product_attention(queries, keys, values)
        return self.proj(mixed.transpose(1, 2).reshape(images, tokens, width))


class Block(nn.Module):
    """A pre-norm transformer block."""

    def __init__(self, width):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.Sequential()
        self.mlp.add_module("fc1", nn.Linear(width, 4 * width))
        self.mlp.add_module("act", nn.GELU())
        self.mlp.add_module("fc2", nn.Linear(4 * width, width))

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PatchEmbedding(nn.Module):
    """Patches of 16 × 16 pixels as tokens."""

    def __init__(self, width):
        super().__init__()
        self.proj = nn.Conv2d(3, width, kernel_size=PATCH, stride=PATCH)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class DeiT(nn.Module):
    """DeiT without a distillation token; parameters are named as in timm."""

    def __init__(self, width):
        super().__init__()
        self.patch_embed = PatchEmbedding(width)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.randn(1, (IMAGE // PATCH) ** 2 + 1, width) * 0.02)
        self.blocks = nn.Sequential(*[Block(width) for _ in range(DEPTH)])
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, CLASSES)

    def forward(self, images):
        patches = self.patch_embed(images)
        x = torch.cat([self.cls_token.expand(len(patches), -1, -1), patches], dim=1)
        x = self.blocks(x + self.pos_embed)
        return self.head(self.norm(x)[:, 0])


def random_model(name):
    """Returns a model with random weights: a DeiT as written above, or timm's Swin."""
    if name in WIDTHS:
        return DeiT(WIDTHS[name])
    return swin({"architecture": SWINS[name]})


def swin(configuration):
    """Returns timm's Swin of a configuration: a known name, or sizes."""
    import timm  # pylint: disable=import-outside-toplevel
    sizes = {key: configuration[key] for key in SWIN_SIZES if key in configuration}
    sizes.update(configuration.get("model_args", {}))
    name = configuration["architecture"].split(".")[0]
    if timm.is_model(name):
        return timm.create_model(name, pretrained=False, **sizes)
    return timm.models.SwinTransformer(**sizes)


def parse():
    """Reads the command line; wrong usage ends with 2 and a hint."""

    def list_of(allowed):
        def convert(text):
            items = text.split(",")
            for item in items:
                if item not in allowed:
                    raise argparse.ArgumentTypeError(
                        f'"{item}" is none of {", ".join(allowed)}; write a list with commas')
            return items
        return convert

    def positive(text):
        if not text.isdigit() or int(text) < 1:
            raise argparse.ArgumentTypeError(f'"{text}" is no number of at least 1')
        return int(text)

    def batches(text):
        return [positive(item) for item in text.split(",")]

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=list_of([*WIDTHS, *SWINS]),
                        default=list(WIDTHS))
    parser.add_argument("--precision", type=list_of(list(PRECISIONS)), default=list(PRECISIONS))
    parser.add_argument("--compile", type=list_of(COMPILE_MODES), default=COMPILE_MODES)
    parser.add_argument("--batch", type=batches, default=[1, 4, 8, 16])
    parser.add_argument("--threads", type=positive, default=1)
    parser.add_argument("--repetitions", type=positive, default=5)
    return parser.parse_args()


def clock(threads):
    """Returns a clock in seconds: the thread's CPU time for one thread, else what the wall shows.

    CPU time leaves out what other programs take from the core.
    """
    return time.thread_time if threads == 1 else time.perf_counter


def images_per_second(model, images, threads, repetitions):
    """Returns the median over some forward passes, after two that warm up."""
    now = clock(threads)
    seconds = []
    for repetition in range(repetitions + 2):
        start = now()
        model(images)
        if repetition >= 2:
            seconds.append(now() - start)
    return len(images) / statistics.median(seconds)


def prepared(model, mode):
    """Returns the model as a user runs it: as it is, or compiled.

    "freezing" is inductor with weights as constants, which lets it pack them in advance.
    """
    if mode == "off":
        return model
    torch._dynamo.reset()
    torch._inductor.config.freezing = mode == "freezing"
    return torch.compile(model)


def main():
    """Measures every combination and writes a line for each."""
    options = parse()
    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    torch.manual_seed(1)
    print(f"PyTorch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, "
          f"{options.threads} threads", file=sys.stderr)
    for name in options.model:
        for precision in options.precision:
            model = random_model(name).eval().to(PRECISIONS[precision])
            for mode in options.compile:
                for batch in options.batch:
                    images = torch.randn(batch, 3, IMAGE, IMAGE).to(PRECISIONS[precision])
                    what = f"{name} {precision}, compile {mode}, batch {batch}"
                    try:
                        with torch.inference_mode():
                            speed = images_per_second(
                                prepared(model, mode), images, options.threads,
                                options.repetitions)
                    except Exception as error:
                        if mode == "off":
                            raise
                        reason = str(error).strip().split("\n")[0]
                        print(f"{what}: not measured, torch.compile failed: {reason}",
                              file=sys.stderr)
                        continue
                    print(json.dumps({
                        "model": name, "precision": precision, "pattern": "dense",
                        "threads": options.threads, "compile": mode, "batch": batch,
                        "imagesPerSecond": round(speed, 3),
                    }), flush=True)


if __name__ == "__main__":
    main()
