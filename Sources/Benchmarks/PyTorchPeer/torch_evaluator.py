#!/usr/bin/env python3
"""An evaluator for `elsa worker --evaluator`: a timm model in PyTorch, on a GPU where there is one.

Weights of a pattern come from the run's bank, or are pruned by magnitude. See Evaluators in the guide.
"""
import json
import sys

import timm
import torch
from safetensors import safe_open
from safetensors.torch import load_file

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def by_magnitude(weight, kept, size):
  """Keeps the largest of each group, of equal ones the first."""
  groups = weight.reshape(-1, size)
  order = groups.abs().argsort(dim=1, descending=True, stable=True)[:, :kept]
  return torch.zeros_like(groups).scatter(1, order, groups.gather(1, order)).reshape(weight.shape)


def from_bank(bank, name, pattern, shape):
  """Spreads the kept values of a bank: each index counts within its group, in 2 or 4 bits."""
  kept, size = map(int, pattern.split(":"))
  values, packed = (bank.get_tensor(f"{name}/{pattern}/{part}") for part in ("values", "indices"))
  bits = 2 if size <= 4 else 4
  shifts = torch.arange(0, 8, bits, dtype=torch.uint8)
  indices = (packed.unsqueeze(-1) >> shifts & (1 << bits) - 1).reshape(len(packed), -1)
  indices = indices[:, :values.shape[1]].long()
  starts = torch.arange(values.shape[1]) // kept * size
  return torch.zeros(shape).scatter(1, indices + starts, values)


class Evaluator:
  """A model whose layers take the weights that a genome asks for."""

  def __init__(self, run):
    with open(run["configuration"], encoding="utf-8") as file:
      config = json.load(file)
    weights = {name: value.float() for name, value in load_file(run["model"]).items()}
    self.model = timm.create_model(config["architecture"], num_classes=len(weights["head.bias"]))
    self.model.load_state_dict(weights, strict=True)
    self.model.to(DEVICE).eval()
    self.dense = weights
    self.bank = safe_open(run["bank"], "pt") if run["bank"] else None
    with safe_open(run["data"], "pt") as data:
      self.images, self.labels = data.get_tensor("images"), data.get_tensor("labels").long()
    self.mean, self.deviation = (torch.tensor(config[key]) for key in ("mean", "std"))
    self.cached = {}

  def weight(self, name, pattern):
    dense = self.dense[name + ".weight"]
    kept, size = map(int, pattern.split(":"))
    if kept == size:
      return dense
    if (name, pattern) not in self.cached:
      self.cached[name, pattern] = (
        from_bank(self.bank, name, pattern, dense.shape) if self.bank
        else by_magnitude(dense, kept, size))
    return self.cached[name, pattern]

  @torch.inference_mode()
  def evaluate(self, genome, images):
    for name, pattern in genome.items():
      self.model.get_submodule(name).weight.copy_(self.weight(name, pattern))
    right, losses = [], []
    for start in range(0, len(images), 64):
      part = torch.tensor(images[start:start + 64])
      pixels = (self.images[part].float() / 255 - self.mean) / self.deviation
      logits = self.model(pixels.permute(0, 3, 1, 2).to(DEVICE)).float().cpu()
      right += (logits.argmax(1) == self.labels[part]).tolist()
      losses += torch.nn.functional.cross_entropy(
        logits, self.labels[part], reduction="none").tolist()
    bits = bytearray((len(right) + 7) // 8)
    for index, is_right in enumerate(right):
      bits[index // 8] |= is_right << index % 8
    return {"type": "result", "correct": bits.hex(), "losses": losses}


def main():
  for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "run":
      evaluator = Evaluator(message)
      answer = {"type": "ready", "name": "torch-timm", "version": "1"}
    elif message["type"] == "evaluate":
      try:
        answer = evaluator.evaluate(message["genome"], message["images"])
      except RuntimeError as error:
        answer = {"type": "error", "message": str(error)}
      answer["id"] = message["id"]
    else:
      continue
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
  main()
