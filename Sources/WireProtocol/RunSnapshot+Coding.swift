import SparsityCore
internal import SwiftProtobuf

extension RunSnapshot {
  /// The bytes that a code of a known genome takes.
  package static let codeSize = 16

  /// Returns the bytes that ``init(decoding:)`` reads.
  package func encoded() -> [UInt8] {
    serialized(
      SnapshotProto.with {
        $0.recordCount = UInt64(recordCount)
        $0.opened = OpenedProto(opening)
        $0.search = SearchStateProto.with {
          $0.proposalCount = UInt64(proposalCount)
          $0.evaluationCount = UInt64(evaluationCount)
          $0.quarantinedCount = UInt64(quarantinedCount)
          $0.archive = archive.map { IndividualProto($0) }
          if let nearestMiss { $0.nearestMiss = IndividualProto(nearestMiss) }
          $0.waiting = waiting.map { proposal in
            ProposalProto.with {
              $0.candidate = UInt64(proposal.candidate.rawValue)
              $0.genes = .init(proposal.genome.genes)
            }
          }
          $0.known = .init(knownCodes)
          $0.algorithm = .init(algorithmState)
          $0.savedImageCount = UInt64(savedImageCount)
          if let bits = referenceAccuracy?.bitPattern { $0.referenceAccuracyBits = bits }
        }
        $0.done = done.map { DoneShardProto($0) }
        $0.completed = completed.map { UInt64($0.rawValue) }
        $0.quarantined = quarantined.map { UInt64($0.rawValue) }
        $0.shardCount = UInt64(shardCount)
        $0.paceSamples = paceSamples.map { UInt64($0) }
        $0.paceNext = UInt32(paceNext)
        $0.front = front.map { DoneShardProto($0) }
        $0.confirmed = confirmed.map { UInt64($0.rawValue) }
        $0.plans = plans.map { PlanProto($0) }
      })
  }

  /// Reads a snapshot and checks its sizes and forms.
  ///
  /// - Throws: ``WireError`` for bytes that are no snapshot.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    let proto: SnapshotProto = try parsed(bytes, kind: 0)
    let search = proto.search
    let proposals = WireLimits.snapshotProposalCountMax
    guard search.known.count.isMultiple(of: Self.codeSize),
      search.known.count / Self.codeSize <= proposals
    else {
      throw .invalidField(name: "known", diagnostic: "has \(search.known.count) bytes")
    }
    self.init(
      recordCount: try bounded(
        proto.recordCount, 1...WireLimits.recordCountMax, "record_count"),
      opening: try RunOpening(proto.opened),
      proposalCount: try bounded(search.proposalCount, 0...proposals, "proposal_count"),
      evaluationCount: try bounded(search.evaluationCount, 0...proposals, "evaluation_count"),
      quarantinedCount: try bounded(search.quarantinedCount, 0...proposals, "quarantined_count"),
      savedImageCount: try bounded(search.savedImageCount, 0...Int.max, "saved_image_count"),
      referenceAccuracy: search.hasReferenceAccuracyBits
        ? Double(bitPattern: search.referenceAccuracyBits) : nil,
      archive: try list(search.archive, limit: proposals, "archive") {
        individual throws(WireError) in try StoredIndividual(individual)
      },
      nearestMiss: search.hasNearestMiss ? try StoredIndividual(search.nearestMiss) : nil,
      waiting: try list(search.waiting, limit: proposals, "waiting") { proposed throws(WireError) in
        StoredProposal(
          candidate: try CandidateID(wire: proposed.candidate),
          genome: try checkedGenome([UInt8](proposed.genes)))
      },
      knownCodes: [UInt8](search.known), algorithmState: [UInt8](search.algorithm),
      done: try list(proto.done, limit: WireLimits.snapshotShardCountMax, "done") {
        shard throws(WireError) in
        try StoredShard(shard)
      },
      completed: try Self.candidates(proto.completed, "completed"),
      quarantined: try Self.candidates(proto.quarantined, "quarantined"),
      shardCount: try bounded(proto.shardCount, 0...Int.max, "shard_count"),
      paceSamples: try list(proto.paceSamples, limit: WireLimits.paceSampleCountMax, "pace") {
        value throws(WireError) in try bounded(value, 0...Int.max, "pace_samples")
      },
      paceNext: try bounded(proto.paceNext, 0...WireLimits.paceSampleCountMax, "pace_next"),
      front: try list(proto.front, limit: WireLimits.snapshotShardCountMax, "front") {
        shard throws(WireError) in try StoredShard(shard)
      },
      confirmed: try Self.candidates(proto.confirmed, "confirmed"),
      plans: try list(proto.plans, limit: proposals, "plans") { plan throws(WireError) in
        try StoredPlan(plan)
      })
  }

  private static func candidates(
    _ values: [UInt64], _ name: String
  ) throws(WireError) -> [CandidateID] {
    try list(values, limit: WireLimits.snapshotProposalCountMax, name) { value throws(WireError) in
      try CandidateID(wire: value)
    }
  }
}

extension IndividualProto {
  /// Converts an individual.
  fileprivate init(_ individual: StoredIndividual) {
    candidate = UInt64(individual.candidate.rawValue)
    genes = .init(individual.genome.genes)
    objectiveBits = individual.objectives.map(\.bitPattern)
    violationBits = individual.violation.bitPattern
  }
}

extension StoredIndividual {
  /// Converts and checks an individual.
  fileprivate init(_ proto: IndividualProto) throws(WireError) {
    let objectives = try list(
      proto.objectiveBits, limit: WireLimits.vectorCountMax, "objective_bits"
    ) { bits throws(WireError) in
      let value = Double(bitPattern: bits)
      guard value.isFinite else {
        throw WireError.invalidField(name: "objective_bits", diagnostic: "holds \(value)")
      }
      return value
    }
    let violation = Double(bitPattern: proto.violationBits)
    guard !objectives.isEmpty, !violation.isNaN else {
      throw .invalidField(
        name: "objective_bits", diagnostic: "is empty, or the violation no number")
    }
    self.init(
      candidate: try CandidateID(wire: proto.candidate),
      genome: try checkedGenome([UInt8](proto.genes)), objectives: objectives,
      violation: violation)
  }
}

extension DoneShardProto {
  /// Converts a result.
  fileprivate init(_ done: StoredShard) {
    shard = ShardProto(done.shard)
    measurement = MeasurementProto(done.measurement)
    if let measured = MeasuredCostsProto(done.measuredCosts) { measuredCosts = measured }
    keyName = cut(done.keyName, to: WireLimits.labelSizeMax)
  }
}

extension StoredShard {
  /// Converts and checks a result.
  fileprivate init(_ proto: DoneShardProto) throws(WireError) {
    self.init(
      shard: try ShardID(proto.shard),
      measurement: try ShardMeasurement(written: proto.measurement),
      measuredCosts: try MeasuredCosts(proto.measuredCosts),
      keyName: writtenLabel(try verbatim(proto.keyName, "key_name")))
  }
}

extension PlanProto {
  /// Converts a plan.
  fileprivate init(_ plan: StoredPlan) {
    candidate = UInt64(plan.candidate.rawValue)
    sliceCount = UInt32(plan.sliceCount)
    guard let stopped = plan.stop else { return }
    stop = StopProto.with { $0.estimatedLossBits = (stopped.meanLoss ?? .nan).bitPattern }
    imageCount = UInt64(stopped.imageCount)
    accuracyBits = stopped.accuracy.bitPattern
  }
}

extension StoredPlan {
  /// Converts and checks a plan.
  fileprivate init(_ proto: PlanProto) throws(WireError) {
    let sliceCount = try bounded(
      UInt64(proto.sliceCount), 1...WireLimits.imageCountMax, "slice_count")
    var stop: Stop?
    if proto.hasStop {
      let accuracy = Double(bitPattern: proto.accuracyBits)
      guard (0...1).contains(accuracy) else {
        throw .invalidField(name: "accuracy_bits", diagnostic: "is no share")
      }
      stop = Stop(
        imageCount: try bounded(proto.imageCount, 1...WireLimits.imageCountMax, "image_count"),
        accuracy: accuracy,
        meanLoss: Double(bitPattern: proto.stop.estimatedLossBits).asSummedLoss)
    }
    self.init(
      candidate: try CandidateID(wire: proto.candidate), sliceCount: sliceCount, stop: stop)
  }
}
