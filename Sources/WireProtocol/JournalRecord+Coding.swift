import SparsityCore

extension JournalRecord {
  /// The version of records that this program writes; it reads all up to it.
  package static let version = 3

  /// The oldest version that knows all that is in the record.
  private var ownVersion: Int {
    switch self {
    case .opened(let opening):
      let run = opening.description
      return run.model == nil || run.data == nil || !run.measuredCosts.isEmpty ? 2 : 1
    case .shardCompleted(let completion):
      return completion.measuredCosts == MeasuredCosts() ? 1 : 2
    case .evaluated(let evaluated):
      if evaluated.stop != nil { return 3 }
      return evaluated.measuredCosts.isEmpty && evaluated.violation == 0 ? 1 : 2
    case .proposed, .joined, .quarantined, .confirmed, .discarded: return 1
    }
  }

  /// Returns the bytes that ``init(decoding:)`` reads.
  package func encoded() -> [UInt8] {
    serialized(
      RecordProto.with {
        $0.version = UInt32(ownVersion)
        $0.content = content
      })
  }

  private var content: RecordProto.OneOf_Content {
    switch self {
    case .opened(let opening): .opened(OpenedProto(opening))
    case .proposed(let candidate, let genome):
      .proposed(
        ProposalProto.with {
          $0.candidate = UInt64(candidate.rawValue)
          $0.genes = .init(genome.genes)
        })
    case .joined(let session): .joined(JoinedProto(session))
    case .shardCompleted(let completion): .shardCompleted(ShardCompletedProto(completion))
    case .evaluated(let evaluated): .evaluated(EvaluatedProto(evaluated))
    case .quarantined(let candidate, let diagnostic):
      .quarantined(
        QuarantinedProto.with {
          $0.candidate = UInt64(candidate.rawValue)
          $0.diagnostic = cut(diagnostic)
        })
    case .confirmed(let shard, let keyName):
      .confirmed(
        ConfirmedProto.with {
          $0.shard = ShardProto(shard)
          $0.keyName = cut(keyName, to: WireLimits.labelSizeMax)
        })
    case .discarded(let key): .discarded(DiscardedProto(key))
    }
  }

  /// Reads a record, whatever bytes it holds.
  ///
  /// - Throws: ``WireError`` for bytes that are no record, and for a record of a newer version or
  ///   of an unknown kind.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    let proto: RecordProto = try parsed(bytes, kind: 0)
    guard proto.version > 0 else { throw .invalidField(name: "version", diagnostic: "is missing") }
    guard proto.version <= Self.version else {
      throw .newerRecord(version: Int(proto.version), supported: Self.version)
    }
    switch proto.content {
    case .opened(let opened): self = .opened(try RunOpening(opened))
    case .proposed(let proposed):
      self = .proposed(
        try CandidateID(wire: proposed.candidate), try checkedGenome([UInt8](proposed.genes)))
    case .joined(let session): self = .joined(try JoinedSession(session))
    case .shardCompleted(let completed):
      self = .shardCompleted(try ShardCompletion(completed))
    case .evaluated(let evaluated): self = .evaluated(try EvaluatedCandidate(evaluated))
    case .quarantined(let quarantined):
      self = .quarantined(
        try CandidateID(wire: quarantined.candidate),
        diagnostic: try text(quarantined.diagnostic, "diagnostic"))
    case .confirmed(let confirmed):
      self = .confirmed(
        try ShardID(confirmed.shard),
        keyName: writtenLabel(try verbatim(confirmed.keyName, "key_name")))
    case .discarded(let key): self = .discarded(try DiscardedKey(key))
    case nil:
      throw .invalidField(
        name: "content", diagnostic: "is missing or of a kind that version \(proto.version) has not"
      )
    }
  }
}

extension OpenedProto {
  /// Converts a start.
  init(_ opening: RunOpening) {
    term = opening.term.rawValue
    run = RunProto(opening.description)
    settings = opening.settings
    tokenSecret = .init(opening.tokenSecret)
  }
}

extension RunOpening {
  /// Converts and checks a start.
  init(_ proto: OpenedProto) throws(WireError) {
    guard [0, Self.tokenSecretSize].contains(proto.tokenSecret.count) else {
      throw .invalidField(
        name: "token_secret", diagnostic: "has \(proto.tokenSecret.count) bytes")
    }
    self.init(
      term: Term(proto.term), description: try RunDescription(proto.run),
      settings: proto.settings, tokenSecret: [UInt8](proto.tokenSecret))
  }
}

extension ShardCompletedProto {
  /// Converts a result.
  init(_ completion: ShardCompletion) {
    shard = ShardProto(completion.shard)
    key = .init(completion.key.hash.bytes)
    measurement = MeasurementProto(completion.measurement)
    if let measured = MeasuredCostsProto(completion.measuredCosts) { measuredCosts = measured }
    worker = cut(completion.worker, to: WireLimits.labelSizeMax)
    evaluationMicroseconds = UInt64(completion.evaluationMicroseconds)
    keyName = cut(completion.keyName, to: WireLimits.labelSizeMax)
  }
}

extension ShardCompletion {
  /// Converts and checks a result.
  init(_ proto: ShardCompletedProto) throws(WireError) {
    self.init(
      shard: try ShardID(proto.shard), key: try ShardKey([UInt8](proto.key)),
      measurement: try ShardMeasurement(written: proto.measurement),
      worker: writtenLabel(try verbatim(proto.worker, "worker")),
      measuredCosts: try MeasuredCosts(proto.measuredCosts),
      evaluationMicroseconds: try bounded(
        proto.evaluationMicroseconds, 0...Int.max, "evaluation_microseconds"),
      keyName: writtenLabel(try verbatim(proto.keyName, "key_name")))
  }
}

extension JoinedProto {
  /// Converts the beginning of a session.
  init(_ joined: JoinedSession) {
    session = joined.worker.rawValue
    label = cut(joined.label, to: WireLimits.labelSizeMax)
    keyName = cut(joined.keyName, to: WireLimits.labelSizeMax)
  }
}

extension JoinedSession {
  /// Converts and checks the beginning of a session.
  init(_ proto: JoinedProto) throws(WireError) {
    self.init(
      worker: WorkerID(proto.session), label: writtenLabel(try verbatim(proto.label, "label")),
      keyName: writtenLabel(try verbatim(proto.keyName, "key_name")))
  }
}

extension DiscardedProto {
  /// Converts a key whose results count no more.
  init(_ key: DiscardedKey) {
    keyName = cut(key.keyName, to: WireLimits.labelSizeMax)
    diagnostic = cut(key.diagnostic)
    restartsSearch = key.restartsSearch
  }
}

extension DiscardedKey {
  /// Converts and checks a key whose results count no more.
  init(_ proto: DiscardedProto) throws(WireError) {
    self.init(
      keyName: writtenLabel(try verbatim(proto.keyName, "key_name")),
      diagnostic: try text(proto.diagnostic, "diagnostic"), restartsSearch: proto.restartsSearch)
  }
}

extension EvaluatedProto {
  /// Converts an evaluation.
  init(_ evaluated: EvaluatedCandidate) {
    candidate = UInt64(evaluated.candidate.rawValue)
    correctCount = UInt64(evaluated.correctCount)
    imageCount = UInt64(evaluated.imageCount)
    summedLossBits = (evaluated.summedLoss ?? .nan).bitPattern
    costs = evaluated.costs
    measuredCosts = evaluated.measuredCosts.map(CostSpreadProto.init)
    objectiveBits = evaluated.objectives.map(\.bitPattern)
    violationBits = evaluated.violation.bitPattern
    keyNames = evaluated.keyNames.map { cut($0, to: WireLimits.labelSizeMax) }
    if let stopped = evaluated.stop {
      stop = StopProto.with { $0.estimatedLossBits = (stopped.estimatedLoss ?? .nan).bitPattern }
    }
  }
}

extension EvaluatedCandidate {
  /// Converts and checks an evaluation.
  init(_ proto: EvaluatedProto) throws(WireError) {
    let limit = WireLimits.vectorCountMax
    guard proto.costs.count <= limit, proto.objectiveBits.count <= limit else {
      throw .invalidField(name: "costs", diagnostic: "has more than \(limit) entries")
    }
    let objectives = proto.objectiveBits.map(Double.init(bitPattern:))
    guard objectives.allSatisfy(\.isFinite) else {
      throw .invalidField(name: "objective_bits", diagnostic: "holds a number that is none")
    }
    let violation = Double(bitPattern: proto.violationBits)
    guard !violation.isNaN else {
      throw .invalidField(name: "violation_bits", diagnostic: "is no number")
    }
    let imageCount = try bounded(
      proto.imageCount, 1...WireLimits.imageCountMax, "image_count")
    self.init(
      candidate: try CandidateID(wire: proto.candidate),
      correctCount: try bounded(proto.correctCount, 0...imageCount, "correct_count"),
      imageCount: imageCount, summedLoss: Double(bitPattern: proto.summedLossBits).asSummedLoss,
      costs: proto.costs,
      measuredCosts: try list(
        proto.measuredCosts, limit: MeasuredCosts.measurable.count, "measured_costs"
      ) { spread throws(WireError) in try CostSpread(spread) },
      objectives: objectives, violation: violation,
      keyNames: try list(proto.keyNames, limit: Self.keyNameCountMax, "key_names") {
        name throws(WireError) in writtenLabel(try verbatim(name, "key_names"))
      },
      stop: proto.hasStop
        ? Stop(estimatedLoss: Double(bitPattern: proto.stop.estimatedLossBits).asSummedLoss)
        : nil)
  }
}
