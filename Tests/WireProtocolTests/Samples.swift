import SparsityCore
import TestSupport
import WireProtocol

/// One value of every kind, with every field set to something else than its default.
enum Samples {
  static let shard = ShardID(candidate: CandidateID(300), slice: 3)
  static let key = ShardKey(ContentHash(repeating: 7))

  static var measurement: ShardMeasurement {
    var correct = BitVector(count: 11)
    for index in [0, 3, 8, 10] { correct[index] = true }
    return ShardMeasurement(correct: correct, summedLoss: 0.1 + 0.2)
  }

  static var description: RunDescription {
    guard let run = RunID(0x0123_4567_89ab_cdef) else { preconditionFailure("not zero") }
    return RunDescription(
      run: run, model: RunInput(path: "/models/deit", content: ContentHash(repeating: 1)),
      configuration: RunInput(path: "/models/config.json", content: ContentHash(repeating: 2)),
      data: RunInput(path: "/data/søk", content: ContentHash(repeating: 3)), imageCount: 450,
      bank: .stored(ContentHash(repeating: 4)),
      criterion: "magnitude",
      space: SearchSpace(decisions: [
        Decision(
          name: "blocks.0.attn.qkv",
          choices: ["1:4", "2:4", "4:4"].compactMap { Choice($0, kind: .pattern) }),
        Decision(name: "blocks.0.attn.proj", choices: [.pattern(.dense)]),
      ]),
      numerics: Numerics(
        backend: Backend(name: "elsa", version: "5"),
        options: ["precision": "f32", "instructionSet": "avx2", "batch": "8"]),
      accelerator: "systolic32", acceleratorBatch: 16, objectives: [.accuracy, .throughput],
      costNames: ["latencyCycles", "macs"], shuffleSeed: .max, shardSize: 250,
      parameters: ["resize": "none", "crop": "224"])
  }

  static let token = LeaseToken(bits: 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10)

  static let held = [
    HeldShard(shard: shard, key: key, state: .queued, token: token),
    HeldShard(shard: shard, key: key, state: .running(imagesDone: 17), token: token),
    HeldShard(shard: shard, key: key, state: .measured, token: .absent),
  ]

  static let messages: [Message] = [
    .hello(
      Hello(
        supported: ProtocolVersion(major: 1, minor: 0)...ProtocolVersion(major: 2, minor: 3),
        build: "0.1.0", label: "node07/4711", slots: 4,
        offers: [
          BackendOffer(
            backend: Backend(name: "elsa", version: "5"),
            values: ["precision": ["f32", "bf16"], "instructionSet": ["baseline", "avx2"]]),
          BackendOffer(backend: Backend(name: "my-eval", version: "3"), values: [:]),
        ], held: held, remainingMilliseconds: 3_600_000)),
    .request(WorkRequest(leaseCountMax: 8, remainingMilliseconds: 1)),
    .heartbeat(
      Heartbeat(
        leaseCountMax: 8, held: held,
        remainingMilliseconds: WireLimits.remainingMillisecondsMax, isLeaving: true)),
    .result(
      ShardResult(
        shard: shard, key: key, measurement: measurement, costs: [12_345_678_901, -1, 0],
        evaluationMicroseconds: 1_234_567, token: token)),
    .reject(
      Rejection(shard: shard, key: key, reason: .evaluationFailed, diagnostic: "the disk is gone")),
    .bye(Farewell(reason: .drained, diagnostic: "the node is wanted for something else")),
    .welcome(
      Welcome(
        version: .current, description: description, heartbeatMilliseconds: 1000,
        leaseMilliseconds: 4000)),
    .refused(
      Refusal(
        reason: .numerics, diagnostic: "the processor has no AVX-512", isFinal: true,
        supported: ProtocolVersion.supported)),
    .lease(
      LeaseGrant(
        shard: shard, slice: ImageSlice(start: 250, count: 200),
        genome: Genome(genes: [0, 1, 2, 2, 1, 0]), key: key, attempt: 2, token: token)),
    .cancel(ShardReference(shard: shard, key: key)),
    .acknowledge(ShardReference(shard: shard, key: key)),
    .alive, .rehello, .drain, .pause, .finished,
    .inputs(.list),
    .inputs(
      .inventory(
        Inventory(entries: [
          Inventory.Entry(role: .model, content: ContentHash(repeating: 8), size: 1 << 40),
          Inventory.Entry(role: .bank, content: ContentHash(repeating: 9), size: 17),
        ]))),
    .inputs(
      .fetch(FetchRequest(content: ContentHash(repeating: 8), chunks: [3, 5, 700], attempt: 2))),
    .inputs(.chunk(InputChunk(content: ContentHash(repeating: 8), chunk: 5, bytes: [1, 0, 255]))),
    .inputs(
      .unavailable(
        Unavailability(content: ContentHash(repeating: 8), diagnostic: "the disk is gone"))),
  ]

  /// Numbers that are no sum of losses.
  static let noLosses: [Double] = [
    .nan, -.nan, Double(bitPattern: 0x7ff8_0000_0000_0123), .infinity, -.infinity, -1,
    -.leastNonzeroMagnitude,
  ]

  static let records: [JournalRecord] = [
    .opened(
      RunOpening(
        term: Term(3), description: description, settings: "nsga2 population 50",
        tokenSecret: Array(0..<32))),
    .joined(JoinedSession(worker: WorkerID(9), label: "node07/4711", keyName: "node07")),
    .proposed(CandidateID(12), Genome(genes: [2, 2, 1, 0])),
    .shardCompleted(
      ShardCompletion(
        shard: shard, key: key, measurement: measurement, worker: "node07/4711",
        evaluationMicroseconds: 1_234_567, keyName: "node07")),
    .evaluated(
      EvaluatedCandidate(
        candidate: CandidateID(12), correctCount: 300, imageCount: 450, summedLoss: 512.25,
        costs: [1, 2, 3], objectives: [300.0 / 450, 1234.5],
        keyNames: ["node07", "node08"])),
    .quarantined(CandidateID(12), diagnostic: "it killed three workers"),
  ]

  static func envelope(_ message: Message) -> Envelope {
    Envelope(run: description.run, term: Term(3), sequence: 99, message: message)
  }
}
