"""A holder of a worker's key who does what no worker does, written from the specification of the
protocol alone (Sources/WireProtocol/WireProtocol.docc/Protocol.md). What came of it is printed as
JSON.

usage: hostile.py --connect ENDPOINT --messages FOLDER [--backend-version TEXT] DEED [NUMBER ...]

FOLDER holds elsa_pb2.py and inputs_pb2.py as protoc writes them. The keys are in ELSA_SERVER_KEY
and ELSA_WORKER_SECRET_KEY.

flood CONNECTIONS FRAMES SIZE   one message of so many frames on each connection
queue CONNECTIONS MESSAGES SIZE  so many messages of one frame, as fast as they are taken
talk SECONDS                    joins, then beats ten times a second until it is cut off, and comes
                                again; counts what it is told
hoard SESSIONS SECONDS          so many sessions fetch the model and never say that they have it
register SECONDS                one session after the other, as fast as possible
"""

import argparse
import json
import os
import secrets
import struct
import sys
import time

import zmq
from zmq.utils.monitor import recv_monitor_message

HEADER = struct.Struct("<4sBBHQIQI")
HELLO, WELCOME, REFUSED, HEARTBEAT = 1, 2, 3, 5
LIST, INVENTORY, FETCH, CHUNK = 20, 21, 22, 23
MODEL = 1
PATIENCE_SECONDS = 60


class Peer:
  """One connection under one session's name."""

  context = zmq.Context()

  def __init__(self, options, messages):
    self.messages, self.backend_version = messages, options.backend_version
    self.socket = Peer.context.socket(zmq.DEALER)
    self.socket.linger = 0
    self.socket.sndhwm = 100_000_000
    self.socket.reconnect_ivl = 50
    self.socket.routing_id = b"W" + secrets.token_bytes(8)
    secret = os.environ["ELSA_WORKER_SECRET_KEY"].encode()
    self.socket.curve_serverkey = os.environ["ELSA_SERVER_KEY"].encode()
    self.socket.curve_publickey = zmq.curve_public(secret)
    self.socket.curve_secretkey = secret
    self.monitor = self.socket.get_monitor_socket(
      zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_HANDSHAKE_FAILED_AUTH)
    self.protocol_version = options.protocol_version
    self.sequence = self.run = self.term = 0
    self.counts = {
      zmq.EVENT_DISCONNECTED: 0, zmq.EVENT_HANDSHAKE_SUCCEEDED: 0,
      zmq.EVENT_HANDSHAKE_FAILED_AUTH: 0}
    self.socket.connect(options.connect)

  def send(self, kind, message):
    body = message.SerializeToString() if message is not None else b""
    header = HEADER.pack(
      b"ELSA", *self.protocol_version, kind, self.run, self.term, self.sequence, len(body))
    self.sequence += 1
    try:
      self.socket.send(header + body, zmq.DONTWAIT)
    except zmq.Again:
      pass  # there is no connection

  def greet(self):
    major, minor = self.protocol_version
    own = self.messages.VersionProto(major=major, minor=minor)
    self.send(HELLO, self.messages.HelloProto(
      oldest=own, newest=own, build="python", label="hostile", slots=1,
      offers=[self.messages.OfferProto(backend="elsa", version=self.backend_version)]))

  def beat(self):
    self.send(HEARTBEAT, self.messages.HeartbeatProto(lease_count_max=0))

  def receive(self, seconds):
    """Returns kind and body of the next message, or None."""
    if not self.socket.poll(max(0, int(1000 * seconds))):
      return None
    frame = self.socket.recv()
    _, _, _, kind, run, term, _, _ = HEADER.unpack_from(frame)
    if kind == WELCOME:
      self.run, self.term = run, term
    return kind, frame[HEADER.size:]

  def look(self):
    """Counts what has happened to the connection."""
    while self.monitor.poll(0):
      self.counts[recv_monitor_message(self.monitor)["event"]] += 1
    return self.counts


def is_cut(peer):
  return peer.look()[zmq.EVENT_DISCONNECTED] > 0


def wait_until(condition, seconds=PATIENCE_SECONDS):
  deadline = time.monotonic() + seconds
  while not condition():
    if time.monotonic() > deadline:
      return False
    time.sleep(0.01)
  return True


def connected(options, messages, count):
  peers = [Peer(options, messages) for _ in range(count)]
  wait_until(lambda: all(peer.look()[zmq.EVENT_HANDSHAKE_SUCCEEDED] for peer in peers))
  return peers


def flood(options, messages, connections, frames, size):
  peers = connected(options, messages, connections)
  for peer in peers:
    frame = zmq.Frame(bytes(size))
    for _ in range(frames):
      peer.socket.send(frame, zmq.SNDMORE, copy=size < 1024)
    peer.socket.send(b"")
  # A message that was cut off is not sent again.
  wait_until(lambda: all(is_cut(peer) for peer in peers))
  return {"cut": sum(is_cut(peer) for peer in peers)}


def queue(options, messages, connections, count, size):
  peers = connected(options, messages, connections)
  frame = zmq.Frame(bytes(size))
  sent = 0
  for index in range(count):
    for peer in peers:
      try:
        peer.socket.send(frame, zmq.DONTWAIT, copy=False)
        sent += 1
      except zmq.Again:
        pass
  time.sleep(2)
  return {"sent": sent, "cut": sum(is_cut(peer) for peer in peers)}


def talk(options, messages, seconds):
  peer = Peer(options, messages)
  peer.greet()
  told = {}
  deadline = time.monotonic() + seconds
  while time.monotonic() < deadline:
    answer = peer.receive(0.1)
    if answer is None:
      peer.beat()
      continue
    kind, body = answer
    told[kind] = told.get(kind, 0) + 1
    if kind == WELCOME:
      print("joined", flush=True)
  counts = peer.look()
  return {
    "refusals": told.get(REFUSED, 0), "cut": counts[zmq.EVENT_DISCONNECTED],
    "keptOut": counts[zmq.EVENT_HANDSHAKE_FAILED_AUTH]}


def hoard(options, messages, inputs, sessions, seconds):
  peers = connected(options, messages, sessions)
  for peer in peers:
    peer.greet()
    wait_until(lambda: (peer.receive(1) or (0,))[0] == WELCOME)
  chunks = 0
  peers[0].send(LIST, None)
  content = None
  while content is None:
    kind, body = peers[0].receive(10)
    if kind == INVENTORY:
      entries = inputs.InventoryProto.FromString(body).entries
      content = [entry.content for entry in entries if entry.role == MODEL][0]
  print("hoards", flush=True)
  deadline = time.monotonic() + seconds
  asked_at = 0
  while time.monotonic() < deadline:
    if time.monotonic() - asked_at > 0.5:
      asked_at = time.monotonic()
      for peer in peers:
        peer.beat()
        peer.send(FETCH, inputs.FetchProto(
          content=content, chunks=range(64), attempt=0))
    for peer in peers:
      answer = peer.receive(0)
      if answer is not None and answer[0] == CHUNK:
        chunks += 1
  return {"chunks": chunks}


def register(options, messages, seconds):
  count = 0
  deadline = time.monotonic() + seconds
  welcomed = 0
  while time.monotonic() < deadline:
    peer = Peer(options, messages)
    peer.greet()
    answer = peer.receive(5)
    count += 1
    welcomed += answer is not None and answer[0] == WELCOME
    peer.socket.disable_monitor()
    peer.monitor.close()
    peer.socket.close()
  return {"sessions": count, "welcomed": welcomed}


def main():
  parser = argparse.ArgumentParser()
  parser.add_argument("--connect", required=True)
  parser.add_argument("--messages", required=True)
  parser.add_argument("--backend-version", default="0")
  parser.add_argument(
    "--protocol-version", required=True, type=lambda text: tuple(map(int, text.split("."))))
  parser.add_argument("deed")
  parser.add_argument("numbers", nargs="*", type=int)
  options = parser.parse_args()
  sys.path.insert(0, options.messages)
  import elsa_pb2
  import inputs_pb2
  deeds = {
    "flood": lambda: flood(options, elsa_pb2, *options.numbers),
    "queue": lambda: queue(options, elsa_pb2, *options.numbers),
    "talk": lambda: talk(options, elsa_pb2, *options.numbers),
    "hoard": lambda: hoard(options, elsa_pb2, inputs_pb2, *options.numbers),
    "register": lambda: register(options, elsa_pb2, *options.numbers),
  }
  print(json.dumps(deeds[options.deed]()), flush=True)
  # Nobody waits for what is still to be sent.
  os._exit(0)


main()
