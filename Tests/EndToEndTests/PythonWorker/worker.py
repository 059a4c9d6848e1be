"""A tiny worker that joins a run of Elsa, written from the specification of the protocol alone
(Sources/WireProtocol/WireProtocol.docc/Protocol.md).

It infers nothing: which images are "correct" follows from a hash of genome and slice. All the rest
is as the protocol demands, so that a coordinator cannot tell it from a real worker.

usage: worker.py --connect ENDPOINT --elsa PROGRAM --messages FOLDER --folder FOLDER

PROGRAM computes costs; FOLDER of --messages holds elsa_pb2.py and inputs_pb2.py as protoc writes
them. With encryption the keys are in ELSA_SERVER_KEY and ELSA_WORKER_SECRET_KEY.
"""

import argparse
import hashlib
import json
import os
import secrets
import struct
import subprocess
import sys
import time

import zmq

HEADER = struct.Struct("<4sBBHQIQI")
(HELLO, WELCOME, REFUSED, REQUEST, HEARTBEAT, LEASE, RESULT, REJECT, CANCEL, ACKNOWLEDGE, REHELLO,
 DRAIN, BYE, FINISHED, ALIVE) = range(1, 16)
LIST, INVENTORY, FETCH, CHUNK, UNAVAILABLE = range(20, 25)
MODEL, CONFIGURATION = 1, 2
CHUNK_SIZE = 65_536
WINDOW = 8
RESEND_SECONDS = 0.5


class Worker:
  def __init__(self, options, messages, inputs):
    self.options, self.messages, self.inputs = options, messages, inputs
    self.socket = zmq.Context().socket(zmq.DEALER)
    self.socket.linger = 1000
    self.socket.maxmsgsize = 1 << 20
    self.socket.routing_id = b"W" + secrets.token_bytes(8)
    server_key = os.environ.get("ELSA_SERVER_KEY")
    if server_key:
      secret = os.environ["ELSA_WORKER_SECRET_KEY"].encode()
      self.socket.curve_serverkey = server_key.encode()
      self.socket.curve_publickey = zmq.curve_public(secret)
      self.socket.curve_secretkey = secret
    self.socket.connect(options.connect)
    self.sequence = self.run = self.term = 0
    self.is_ready = self.is_leaving = False
    self.lease = self.result = None
    self.heartbeat_seconds = 1.0
    self.beat_at = 0.0
    self.shard_count = 0

  # ------------------------------------------------------------------------- Frames

  def send(self, kind, message=None):
    body = message.SerializeToString() if message is not None else b""
    header = HEADER.pack(
      b"ELSA", *self.options.protocol_version, kind, self.run, self.term, self.sequence, len(body))
    self.sequence += 1
    self.socket.send(header + body)

  def receive(self, seconds):
    """Returns kind and body of the next message, or None; heartbeats go on meanwhile."""
    deadline = time.monotonic() + seconds
    while True:
      if self.run and time.monotonic() >= self.beat_at:
        self.beat()
      due = min(deadline, self.beat_at) if self.run else deadline
      if not self.socket.poll(max(0, int(1000 * (due - time.monotonic())))):
        if time.monotonic() >= deadline:
          return None
        continue
      frame = self.socket.recv()
      magic, major, _, kind, run, term, _, size = HEADER.unpack_from(frame)
      if magic != b"ELSA" or major != self.options.protocol_version[0] or len(frame) != HEADER.size + size:
        continue
      if self.run == run and term < self.term:
        continue  # an old coordinator
      return kind, frame[HEADER.size:], run, term

  # ------------------------------------------------------------------------- Conversation

  def held(self):
    entries = []
    for grant in [self.lease, self.result]:
      if grant is not None:
        state = self.messages.HELD_MEASURED if grant is self.result else self.messages.HELD_RUNNING
        entries.append(
          self.messages.HeldProto(
            shard=grant.shard, key=grant.key, state=state, token=grant.token))
    return entries

  def wanted(self):
    return 1 if self.is_ready and not self.is_leaving else 0

  def greet(self):
    major, minor = self.options.protocol_version
    own = self.messages.VersionProto(major=major, minor=minor)
    self.send(HELLO, self.messages.HelloProto(
      oldest=own, newest=own, build="python", label=f"python/{os.getpid()}", slots=1,
      offers=[self.messages.OfferProto(backend="elsa", version=self.options.backend_version)],
      held=self.held()))

  def beat(self):
    self.beat_at = time.monotonic() + self.heartbeat_seconds
    self.send(
      HEARTBEAT, self.messages.HeartbeatProto(lease_count_max=self.wanted(), held=self.held()))

  def join(self):
    pause = RESEND_SECONDS
    while True:
      self.greet()
      answer = self.receive(pause)
      pause = min(2 * pause, 10)
      if answer is not None:
        self.handle(*answer)
      if self.run:
        return

  def handle(self, kind, body, run, term):
    """Does what every state must do with a message."""
    if kind == WELCOME:
      welcome = self.messages.WelcomeProto.FromString(body)
      if self.run and welcome.run.run != self.run:
        sys.exit("the coordinator serves another run")
      self.run, self.term, self.description = welcome.run.run, term, welcome.run
      self.heartbeat_seconds = welcome.heartbeat_milliseconds / 1000
      self.beat()
    elif kind == REFUSED:
      refusal = self.messages.RefusedProto.FromString(body)
      if refusal.is_final:
        sys.exit(f"refused: {refusal.diagnostic}")
      time.sleep(1)
    elif kind == REHELLO or term > self.term:
      self.greet()
    elif run != self.run:
      self.greet()
    elif kind == LEASE:
      self.take(self.messages.LeaseProto.FromString(body))
    elif kind in (CANCEL, ACKNOWLEDGE):
      reference = self.messages.ShardKeyProto.FromString(body)
      if self.result is not None and self.result.key == reference.key:
        self.result = None
      if self.lease is not None and self.lease.key == reference.key:
        self.lease = None
    elif kind == DRAIN:
      self.is_leaving = True
    elif kind == FINISHED:
      self.leave(1, "the run is finished")

  def leave(self, reason, diagnostic):
    self.send(BYE, self.messages.ByeProto(reason=reason, diagnostic=diagnostic))
    print(json.dumps({"shards": self.shard_count, "diagnostic": diagnostic}))
    self.socket.close()
    self.socket.context.term()
    sys.exit(0)

  # ------------------------------------------------------------------------- Inputs

  def inventory(self):
    while True:
      self.send(LIST)
      deadline = time.monotonic() + 2
      while (answer := self.receive(max(0, deadline - time.monotonic()))) is not None:
        if answer[0] == INVENTORY:
          entries = self.inputs.InventoryProto.FromString(answer[1]).entries
          return {entry.role: entry for entry in entries}
        self.handle(*answer)

  def fetch(self, entry, name):
    """Fetches a file in a window of chunks, verifies it and returns its path."""
    count = -(-entry.size // CHUNK_SIZE)
    chunks, attempt, asked = {}, 0, None
    while len(chunks) < count:
      missing = [number for number in range(count) if number not in chunks][:WINDOW]
      if missing != asked:
        self.send(FETCH, self.inputs.FetchProto(
          content=entry.content, chunks=missing, attempt=attempt))
        asked = missing
      answer = self.receive(2)
      if answer is None:
        attempt, asked = attempt + 1, None
        continue
      if answer[0] == CHUNK:
        chunk = self.inputs.ChunkProto.FromString(answer[1])
        if chunk.content == entry.content and chunk.chunk < count:
          chunks[chunk.chunk] = chunk.bytes
      elif answer[0] == UNAVAILABLE:
        sys.exit(self.inputs.UnavailableProto.FromString(answer[1]).diagnostic)
      else:
        self.handle(*answer)
    self.send(FETCH, self.inputs.FetchProto(content=entry.content, attempt=attempt))
    content = b"".join(chunks[number] for number in range(count))
    if hashlib.sha256(content).digest() != entry.content:
      sys.exit(f"{name} arrived with another content")
    path = os.path.join(self.options.folder, name)
    with open(path, "wb") as file:
      file.write(content)
    return path

  # ------------------------------------------------------------------------- Evaluations

  def prepare(self):
    entries = self.inventory()
    self.model = self.fetch(entries[MODEL], "model.safetensors")
    self.configuration = self.fetch(entries[CONFIGURATION], "config.json")
    self.is_ready = True
    self.send(REQUEST, self.messages.RequestProto(lease_count_max=self.wanted()))

  def choices(self, genes):
    """What a genome chooses: a text for each decision, in the order of decisions."""
    return {
      decision.name: decision.choices[gene]
      for decision, gene in zip(self.description.decisions, genes)}

  def key(self, grant):
    """The key of a shard: a hash of all that its result depends on."""
    run, digest = self.description, hashlib.sha256()

    def text(value):
      digest.update(struct.pack("<Q", len(value.encode())) + value.encode())

    def number(value):
      digest.update(struct.pack("<Q", value))

    text("elsa shard 1")
    digest.update(run.bank)
    digest.update(run.data.content)
    number(run.image_count)
    numerics = run.numerics
    text(
      f"{numerics.backend}/{numerics.version}"
      + "".join(f";{option.name}={option.value}" for option in numerics.options))
    number(run.shuffle_seed)
    text(";".join(f"{name}={choice}" for name, choice in self.choices(grant.genes).items()))
    number(grant.slice.start)
    number(grant.slice.count)
    return digest.digest()

  def take(self, grant):
    held = [entry for entry in [self.lease, self.result] if entry is not None]
    if any(entry.shard == grant.shard for entry in held):
      return
    if self.is_leaving or held:
      self.send(REJECT, self.messages.RejectProto(
        shard=grant.shard, key=grant.key, reason=1, diagnostic="the worker takes no work now"))
    elif self.key(grant) != grant.key:
      self.send(REJECT, self.messages.RejectProto(
        shard=grant.shard, key=grant.key, reason=2, diagnostic="the worker computes another key"))
    else:
      self.lease = grant

  def costs(self, genes):
    path = os.path.join(self.options.folder, "genome.json")
    with open(path, "w", encoding="utf-8") as file:
      json.dump({"model": "", "decisions": self.choices(genes)}, file)
    run = self.description
    output = subprocess.run(
      [self.options.elsa, "estimate", "--model", self.model, "--config", self.configuration,
       "--genome", path, "--accelerator", run.accelerator.profile,
       "--batch", str(run.accelerator.batch), "--json"],
      check=True, capture_output=True, text=True)
    costs = json.loads(output.stdout)["costs"]
    return [costs[name] for name in run.cost_names]

  def evaluate(self):
    grant, start = self.lease, time.monotonic()
    count = grant.slice.count
    seed = bytes(grant.genes) + struct.pack("<QQ", grant.slice.start, count)
    bits = int.from_bytes(hashlib.shake_256(seed).digest((count + 7) // 8), "little")
    bits &= (1 << count) - 1
    measurement = self.messages.MeasurementProto(
      image_count=count, correct=bits.to_bytes((count + 7) // 8, "little"),
      summed_loss_bits=struct.unpack("<Q", struct.pack("<d", bits.bit_count() / 2))[0])
    self.result = self.messages.ResultProto(
      shard=grant.shard, key=grant.key, measurement=measurement, costs=self.costs(grant.genes),
      evaluation_microseconds=int(1e6 * (time.monotonic() - start)), token=grant.token)
    self.lease = None
    self.shard_count += 1

  def work(self):
    self.join()
    self.prepare()
    pause, resend_at = RESEND_SECONDS, 0.0
    while True:
      if self.lease is not None and self.result is None:
        self.evaluate()
        pause, resend_at = RESEND_SECONDS, 0.0
      if self.result is not None and time.monotonic() >= resend_at:
        self.send(RESULT, self.result)
        resend_at = time.monotonic() + pause
        pause = min(2 * pause, 10)
      if self.is_leaving and self.lease is None and self.result is None:
        self.leave(2, "the worker was asked to leave")
      answer = self.receive(0.1)
      if answer is not None:
        self.handle(*answer)


def main():
  parser = argparse.ArgumentParser()
  parser.add_argument("--connect", required=True)
  parser.add_argument("--elsa", required=True)
  parser.add_argument("--messages", required=True)
  parser.add_argument("--folder", required=True)
  parser.add_argument("--backend-version", required=True)
  parser.add_argument(
    "--protocol-version", required=True, type=lambda text: tuple(map(int, text.split("."))))
  options = parser.parse_args()
  sys.path.insert(0, options.messages)
  import elsa_pb2
  import inputs_pb2
  Worker(options, elsa_pb2, inputs_pb2).work()


if __name__ == "__main__":
  main()
