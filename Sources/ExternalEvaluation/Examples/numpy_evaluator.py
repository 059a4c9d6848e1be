#!/usr/bin/env python3
"""An evaluator for `elsa worker --evaluator`: a vision transformer, pruned by magnitude, in numpy."""
import json
import math
import struct
import sys

import numpy as np

TYPES = {"F32": np.float32, "F16": np.float16, "U8": np.uint8, "I32": np.int32}
erf = np.vectorize(math.erf, otypes=[np.float32])


def tensors(path):
  data = open(path, "rb").read()
  start = 8 + struct.unpack("<Q", data[:8])[0]
  return {
    name: np.frombuffer(data[start + e["data_offsets"][0]:start + e["data_offsets"][1]],
                        TYPES[e["dtype"]]).reshape(e["shape"])
    for name, e in json.loads(data[8:start]).items() if name != "__metadata__"}


def pruned(weight, pattern):
  """Keeps the N largest of every M consecutive weights of a row, of equal ones the first."""
  kept, size = map(int, pattern.split(":"))
  groups = weight.reshape(-1, size)
  order = np.argsort(-np.abs(groups), axis=1, kind="stable")[:, :kept]
  mask = np.zeros_like(groups)
  np.put_along_axis(mask, order, 1, axis=1)
  return (groups * mask).reshape(weight.shape)


def norm(w, name, x):
  x = x - x.mean(-1, keepdims=True)
  return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6) * w[name + ".weight"] + w[name + ".bias"]


def logits(w, genome, pixels, heads=4):
  def linear(name, x):
    weight = w[name + ".weight"]
    return x @ (pruned(weight, genome[name]) if name in genome else weight).T + w[name + ".bias"]

  patch = w["patch_embed.proj.weight"]
  side, count = patch.shape[-1], len(pixels)
  cells = pixels.reshape(count, pixels.shape[1] // side, side, -1, side).swapaxes(2, 3)
  tokens = cells.reshape(count, -1, side * side) @ patch.reshape(len(patch), -1).T
  tokens = tokens + w["patch_embed.proj.bias"]
  first = np.broadcast_to(w["cls_token"], (count, 1, tokens.shape[-1]))
  x = np.concatenate([first, tokens], axis=1) + w["pos_embed"]
  for block in sorted({name.split(".")[1] for name in w if name.startswith("blocks.")}, key=int):
    at = "blocks." + block
    qkv = linear(at + ".attn.qkv", norm(w, at + ".norm1", x))
    q, k, v = qkv.reshape(*x.shape[:2], 3, heads, -1).transpose(2, 0, 3, 1, 4)
    scores = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = weights / weights.sum(-1, keepdims=True) @ v
    x = x + linear(at + ".attn.proj", mixed.swapaxes(1, 2).reshape(x.shape))
    hidden = linear(at + ".mlp.fc1", norm(w, at + ".norm2", x))
    x = x + linear(at + ".mlp.fc2", hidden / 2 * (1 + erf(hidden / math.sqrt(2))))
  return norm(w, "norm", x)[:, 0] @ w["head.weight"].T + w["head.bias"]


def main():
  for line in sys.stdin:
    message = json.loads(line)
    answer = {"id": message.get("id")}
    if message["type"] == "run":
      w = {name: value.astype(np.float32) for name, value in tensors(message["model"]).items()}
      data = tensors(message["data"])
      pixels = (data["images"][..., 0].astype(np.float32) / 255 - 0.3053) / 0.376
      answer = {"type": "ready", "name": "numpy-vit", "version": "1"}
    elif message["type"] == "evaluate":
      images = message["images"]
      found = logits(w, message["genome"], pixels[images])
      labels = data["labels"][images]
      top = found.max(-1)
      losses = np.log(np.exp(found - top[:, None]).sum(-1)) + top - found[np.arange(len(labels)), labels]
      bits = np.packbits(found.argmax(-1) == labels, bitorder="little")
      answer |= {"type": "result", "correct": bits.tobytes().hex(),
                 "losses": [max(0.0, float(loss)) for loss in losses]}
    else:
      continue
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
  main()
