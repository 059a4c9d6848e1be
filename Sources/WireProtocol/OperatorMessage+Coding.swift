internal import SwiftProtobuf

extension OperatorMessage {
  /// Returns the protobuf body.
  func encodedBody() -> [UInt8] {
    switch self {
    case .statusRequest(let count):
      serialized(StatusRequestProto.with { $0.workerCountMax = UInt32(clamping: count) })
    case .status(let status): serialized(StatusProto(status))
    case .drainRequest(let worker):
      serialized(DrainRequestProto.with { $0.worker = cut(worker ?? "") })
    case .discardRequest(let keyName):
      serialized(
        DiscardRequestProto.with { $0.keyName = cut(keyName, to: WireLimits.labelSizeMax) })
    case .answer(let isDone, let words):
      serialized(
        OperatorAnswerProto.with {
          $0.isDone = isDone
          $0.words = cut(words)
        })
    }
  }

  /// Reads the body of a message of some kind, or returns `nil` for a kind of a newer version.
  ///
  /// - Throws: ``WireError`` for a body that is malformed or beyond ``WireLimits``.
  init?(kind: UInt16, body: [UInt8]) throws(WireError) {
    switch kind {
    case 30:
      let proto: StatusRequestProto = try parsed(body, kind: kind)
      self = .statusRequest(
        workerCountMax: min(Int(proto.workerCountMax), RunStatus.workerCountMax))
    case 31: self = .status(try RunStatus(try parsed(body, kind: kind)))
    case 32:
      let proto: DrainRequestProto = try parsed(body, kind: kind)
      let worker = try text(proto.worker, "worker")
      self = .drainRequest(worker: worker.isEmpty ? nil : worker)
    case 33:
      let proto: OperatorAnswerProto = try parsed(body, kind: kind)
      self = .answer(isDone: proto.isDone, words: try text(proto.words, "words"))
    case 34:
      let proto: DiscardRequestProto = try parsed(body, kind: kind)
      self = .discardRequest(keyName: try peerLabel(proto.keyName, "key_name"))
    default: return nil
    }
  }
}

extension StatusProto {
  /// Converts a status.
  init(_ status: RunStatus) {
    evaluationCount = UInt64(status.evaluationCount)
    evaluationCountMax = UInt64(status.evaluationCountMax)
    birthCount = UInt64(status.birthCount)
    pendingShardCount = UInt64(status.pendingShardCount)
    leasedShardCount = UInt64(status.leasedShardCount)
    waitingRecordCount = UInt64(status.waitingRecordCount)
    slotCount = UInt64(status.slotCount)
    frontCount = UInt64(status.frontCount)
    hypervolume = status.hypervolume
    referencePoint = status.referencePoint
    isStorageFailing = status.isStorageFailing
    storageWords = cut(status.storageWords)
    isDraining = status.isDraining
    isFinished = status.isFinished
    uptimeMilliseconds = UInt64(status.uptimeMilliseconds)
    evaluationsPerSecond = status.evaluationsPerSecond
    journalBytes = UInt64(status.journalBytes)
    freeDiskBytes = UInt64(status.freeDiskBytes)
    workerCount = UInt64(status.workerCount)
    workers = status.workers.prefix(RunStatus.workerCountMax).map { worker in
      WorkerStatusProto.with {
        $0.label = cut(worker.label, to: WireLimits.labelSizeMax)
        $0.session = worker.session
        $0.slots = UInt32(clamping: worker.slots)
        $0.leases = UInt32(clamping: worker.leases)
        $0.results = UInt64(worker.results)
        $0.imagesPerSecond = worker.imagesPerSecond
        $0.silentMilliseconds = UInt64(worker.silentMilliseconds)
        $0.imagesDone = UInt64(worker.imagesDone)
        $0.imagesLeased = UInt64(worker.imagesLeased)
        $0.keyName = cut(worker.keyName, to: WireLimits.labelSizeMax)
      }
    }
    quarantinedCount = UInt64(status.quarantinedCount)
    quarantined = status.quarantined.prefix(RunStatus.quarantinedCountMax).map { entry in
      QuarantineProto.with {
        $0.candidate = UInt64(entry.candidate)
        $0.words = cut(entry.words)
      }
    }
    counters = status.counters.map { counter in
      CounterProto.with {
        $0.name = counter.name
        $0.count = UInt64(counter.count)
      }
    }
    numerics = cut(status.numerics)
    bankArithmetic = cut(status.bankArithmetic)
    applicantCount = UInt64(status.applicantCount)
    epoch = status.epoch.rawValue
    remainingMilliseconds = UInt64(status.remainingMilliseconds ?? 0)
    departures = status.departures.prefix(RunStatus.departureCountMax).map(DepartureProto.init)
    let peers = status.unknownPeers.prefix(RunStatus.unknownPeerCountMax)
    unknownPeers = peers.map(UnknownPeerProto.init)
  }
}

extension DepartureProto {
  /// Converts a departure.
  fileprivate init(_ departure: Departure) {
    kind = UInt32(departure.kind.rawValue)
    label = cut(departure.label, to: WireLimits.labelSizeMax)
    words = cut(departure.words)
    millisecondsAgo = UInt64(departure.millisecondsAgo)
  }
}

extension UnknownPeerProto {
  /// Converts a peer.
  fileprivate init(_ peer: UnknownPeer) {
    address = String(peer.address.prefix(UnknownPeer.addressLengthMax))
    words = cut(peer.words)
    count = UInt64(peer.count)
    millisecondsAgo = UInt64(peer.millisecondsAgo)
  }
}

extension RunStatus {
  /// Converts and checks a status.
  init(_ proto: StatusProto) throws(WireError) {
    self.init()
    evaluationCount = try count(proto.evaluationCount, "evaluation_count")
    evaluationCountMax = try count(proto.evaluationCountMax, "evaluation_count_max")
    birthCount = try count(proto.birthCount, "birth_count")
    pendingShardCount = try count(proto.pendingShardCount, "pending_shard_count")
    leasedShardCount = try count(proto.leasedShardCount, "leased_shard_count")
    waitingRecordCount = try count(proto.waitingRecordCount, "waiting_record_count")
    slotCount = try count(proto.slotCount, "slot_count")
    frontCount = try count(proto.frontCount, "front_count")
    hypervolume = try finite(proto.hypervolume, "hypervolume")
    referencePoint = try list(
      proto.referencePoint, limit: WireLimits.vectorCountMax, "reference_point"
    ) { value throws(WireError) in try finite(value, "reference_point") }
    isStorageFailing = proto.isStorageFailing
    storageWords = try text(proto.storageWords, "storage_words")
    isDraining = proto.isDraining
    isFinished = proto.isFinished
    uptimeMilliseconds = try count(proto.uptimeMilliseconds, "uptime_milliseconds")
    evaluationsPerSecond = try finite(proto.evaluationsPerSecond, "evaluations_per_second")
    journalBytes = try count(proto.journalBytes, "journal_bytes")
    freeDiskBytes = try count(proto.freeDiskBytes, "free_disk_bytes")
    workerCount = try count(proto.workerCount, "worker_count")
    workers = try list(proto.workers, limit: Self.workerCountMax, "workers") {
      worker throws(WireError) in try WorkerStatus(worker)
    }
    quarantinedCount = try count(proto.quarantinedCount, "quarantined_count")
    quarantined = try list(
      proto.quarantined, limit: Self.quarantinedCountMax, "quarantined"
    ) { entry throws(WireError) in
      QuarantinedCandidate(
        candidate: try count(entry.candidate, "candidate"), words: try text(entry.words, "words"))
    }
    counters = try list(proto.counters, limit: WireLimits.parameterCountMax, "counters") {
      counter throws(WireError) in
      StatusCounter(try text(counter.name, "name"), try count(counter.count, "count"))
    }
    numerics = try text(proto.numerics, "numerics")
    bankArithmetic = try text(proto.bankArithmetic, "bank_arithmetic")
    applicantCount = try count(proto.applicantCount, "applicant_count")
    epoch = Epoch(proto.epoch)
    let remaining = try count(proto.remainingMilliseconds, "remaining_milliseconds")
    remainingMilliseconds = remaining > 0 ? remaining : nil
    departures = try list(proto.departures, limit: Self.departureCountMax, "departures") {
      departure throws(WireError) in
      Departure(
        kind: try named(departure.kind, "kind"),
        label: writtenLabel(try verbatim(departure.label, "label")),
        words: try text(departure.words, "words"),
        millisecondsAgo: try count(departure.millisecondsAgo, "milliseconds_ago"))
    }
    unknownPeers = try list(proto.unknownPeers, limit: Self.unknownPeerCountMax, "unknown_peers") {
      peer throws(WireError) in
      UnknownPeer(
        address: try text(peer.address, "address"), words: try text(peer.words, "words"),
        count: try count(peer.count, "count"),
        millisecondsAgo: try count(peer.millisecondsAgo, "milliseconds_ago"))
    }
  }
}

extension WorkerStatus {
  /// Converts and checks the status of a worker.
  fileprivate init(_ proto: WorkerStatusProto) throws(WireError) {
    self.init(
      label: writtenLabel(try verbatim(proto.label, "label")),
      session: try text(proto.session, "session"),
      slots: Int(proto.slots), leases: Int(proto.leases),
      results: try count(proto.results, "results"),
      imagesPerSecond: try finite(proto.imagesPerSecond, "images_per_second"),
      silentMilliseconds: try count(proto.silentMilliseconds, "silent_milliseconds"),
      imagesDone: try count(proto.imagesDone, "images_done"),
      imagesLeased: try count(proto.imagesLeased, "images_leased"),
      keyName: writtenLabel(try verbatim(proto.keyName, "key_name")))
  }
}

/// Returns a count that fits.
private func count(_ value: UInt64, _ name: String) throws(WireError) -> Int {
  try bounded(value, 0...Int.max, name)
}

/// Returns a number that is one.
private func finite(_ value: Double, _ name: String) throws(WireError) -> Double {
  guard value.isFinite else { throw .invalidField(name: name, words: "is \(value)") }
  return value
}
