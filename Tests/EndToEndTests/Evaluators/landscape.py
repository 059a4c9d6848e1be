"""A quick evaluator: whether an image is right is decided by a hash of genome and image.

Where the run wants costs measured, they grow with what is kept and differ by a few percent.

usage: landscape.py [VERSION]
"""
import hashlib
import json
import sys

version = sys.argv[1] if len(sys.argv) > 1 else "1"
for line in sys.stdin:
  message = json.loads(line)
  if message["type"] == "run":
    decisions, measured = message["decisions"], message["measured"]
    print(json.dumps({"type": "ready", "name": "landscape", "version": version}), flush=True)
  elif message["type"] == "evaluate":
    genome = message["genome"]
    kept = sum(d["choices"].index(genome[d["name"]]) for d in decisions)
    share = kept / sum(len(d["choices"]) - 1 for d in decisions)
    text = json.dumps(genome, sort_keys=True)
    right = [
      hashlib.sha256(f"{text}{image}".encode()).digest()[0] < 256 * share
      for image in message["images"]]
    packed = bytearray((len(right) + 7) // 8)
    for place, is_right in enumerate(right):
      packed[place // 8] |= is_right << place % 8
    result = {
      "type": "result", "id": message["id"], "correct": packed.hex(),
      "losses": [1 - share] * len(right)}
    if measured:
      jitter = 1 + message["images"][0] % 7 / 100
      result["costs"] = {key: (0.001 + 0.009 * share) * jitter for key in measured}
    print(json.dumps(result), flush=True)
