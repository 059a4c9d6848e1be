internal import SwiftProtobuf

extension StatusProto {
  /// Converts a status.
  init(_ status: RunStatus) {
    evaluationCount = UInt64(status.progress.evaluationCount)
    evaluationCountMax = UInt64(status.progress.evaluationCountMax)
    savedEvaluationCount = UInt64(status.progress.savedEvaluationCount)
    proposalCount = UInt64(status.activity.proposalCount)
    pendingShardCount = UInt64(status.activity.pendingShardCount)
    leasedShardCount = UInt64(status.activity.leasedShardCount)
    waitingRecordCount = UInt64(status.activity.waitingRecordCount)
    slotCount = UInt64(status.activity.slotCount)
    frontCount = UInt64(status.progress.frontCount)
    hypervolume = status.progress.hypervolume
    objectives = status.progress.objectives.map(\.rawValue)
    referencePoint = status.progress.referencePoint
    isStorageFailing = status.activity.isStorageFailing
    storageDiagnostic = cut(status.activity.storageDiagnostic)
    isDraining = status.activity.isDraining
    isFinished = status.progress.isFinished
    uptimeMilliseconds = UInt64(status.activity.uptimeMilliseconds)
    evaluationsPerSecond = status.activity.evaluationsPerSecond
    journalBytes = UInt64(status.disk.journalBytes)
    freeDiskBytes = UInt64(status.disk.freeBytes)
    workerCount = UInt64(status.activity.workerCount)
    workers = status.activity.workers.prefix(RunStatus.workerCountMax).map { worker in
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
    quarantinedCount = UInt64(status.progress.quarantinedCount)
    quarantined = status.progress.quarantined.prefix(RunStatus.quarantinedCountMax).map { entry in
      QuarantineProto.with {
        $0.candidate = UInt64(entry.candidate)
        $0.diagnostic = cut(entry.diagnostic)
      }
    }
    counters = CoordinatorActivity.countNames.map { name, path in
      CounterProto.with {
        $0.name = name
        $0.count = UInt64(status.activity[keyPath: path])
      }
    }
    numerics = cut(status.progress.numerics ?? "")
    bankArithmetic = cut(status.progress.bankArithmetic ?? "")
    applicantCount = UInt64(status.activity.applicantCount)
    term = status.activity.term.rawValue
    remainingMilliseconds = UInt64(status.activity.remainingMilliseconds ?? 0)
    departures = status.activity.departures.prefix(RunStatus.departureCountMax).map(
      DepartureProto.init)
    let peers = status.activity.unknownPeers.prefix(RunStatus.unknownPeerCountMax)
    unknownPeers = peers.map(UnknownPeerProto.init)
  }
}

extension DepartureProto {
  /// Converts a departure.
  fileprivate init(_ departure: Departure) {
    kind = UInt32(departure.kind.rawValue)
    label = cut(departure.label, to: WireLimits.labelSizeMax)
    diagnostic = cut(departure.diagnostic)
    millisecondsAgo = UInt64(departure.millisecondsAgo)
  }
}

extension UnknownPeerProto {
  /// Converts a peer.
  fileprivate init(_ peer: UnknownPeer) {
    address = String(peer.address.prefix(UnknownPeer.addressLengthMax))
    diagnostic = cut(peer.diagnostic)
    count = UInt64(peer.count)
    millisecondsAgo = UInt64(peer.millisecondsAgo)
  }
}

extension RunStatus {
  /// Converts and checks a status.
  init(_ proto: StatusProto) throws(WireError) {
    self.init()
    progress.evaluationCount = try count(proto.evaluationCount, "evaluation_count")
    progress.evaluationCountMax = try count(proto.evaluationCountMax, "evaluation_count_max")
    progress.savedEvaluationCount = try count(
      proto.savedEvaluationCount, "saved_evaluation_count")
    activity.proposalCount = try count(proto.proposalCount, "proposal_count")
    activity.pendingShardCount = try count(proto.pendingShardCount, "pending_shard_count")
    activity.leasedShardCount = try count(proto.leasedShardCount, "leased_shard_count")
    activity.waitingRecordCount = try count(proto.waitingRecordCount, "waiting_record_count")
    activity.slotCount = try count(proto.slotCount, "slot_count")
    progress.frontCount = try count(proto.frontCount, "front_count")
    progress.hypervolume = try finite(proto.hypervolume, "hypervolume")
    progress.objectives = try list(
      proto.objectives, limit: WireLimits.vectorCountMax, "objectives"
    ) { value throws(WireError) in try named(value, "objectives") }
    progress.referencePoint = try list(
      proto.referencePoint, limit: WireLimits.vectorCountMax, "reference_point"
    ) { value throws(WireError) in try finite(value, "reference_point") }
    activity.isStorageFailing = proto.isStorageFailing
    activity.storageDiagnostic = try text(proto.storageDiagnostic, "storage_diagnostic")
    activity.isDraining = proto.isDraining
    progress.isFinished = proto.isFinished
    activity.uptimeMilliseconds = try count(proto.uptimeMilliseconds, "uptime_milliseconds")
    activity.evaluationsPerSecond = try finite(proto.evaluationsPerSecond, "evaluations_per_second")
    disk.journalBytes = try count(proto.journalBytes, "journal_bytes")
    disk.freeBytes = try count(proto.freeDiskBytes, "free_disk_bytes")
    activity.workerCount = try count(proto.workerCount, "worker_count")
    activity.workers = try list(proto.workers, limit: Self.workerCountMax, "workers") {
      worker throws(WireError) in try WorkerStatus(worker)
    }
    progress.quarantinedCount = try count(proto.quarantinedCount, "quarantined_count")
    progress.quarantined = try list(
      proto.quarantined, limit: Self.quarantinedCountMax, "quarantined"
    ) { entry throws(WireError) in
      QuarantinedCandidate(
        candidate: try count(entry.candidate, "candidate"),
        diagnostic: try text(entry.diagnostic, "diagnostic"))
    }
    let counts = try list(proto.counters, limit: WireLimits.parameterCountMax, "counters") {
      counter throws(WireError) in
      (try text(counter.name, "name"), try count(counter.count, "count"))
    }
    // Names of a newer version mean nothing here.
    let known = Dictionary(counts) { first, _ in first }
    for (name, path) in CoordinatorActivity.countNames {
      activity[keyPath: path] = known[name] ?? 0
    }
    progress.numerics = try optional(text(proto.numerics, "numerics"))
    progress.bankArithmetic = try optional(text(proto.bankArithmetic, "bank_arithmetic"))
    activity.applicantCount = try count(proto.applicantCount, "applicant_count")
    activity.term = Term(proto.term)
    let remaining = try count(proto.remainingMilliseconds, "remaining_milliseconds")
    activity.remainingMilliseconds = remaining > 0 ? remaining : nil
    activity.departures = try list(proto.departures, limit: Self.departureCountMax, "departures") {
      departure throws(WireError) in
      Departure(
        kind: try named(departure.kind, "kind"),
        label: writtenLabel(try verbatim(departure.label, "label")),
        diagnostic: try text(departure.diagnostic, "diagnostic"),
        millisecondsAgo: try count(departure.millisecondsAgo, "milliseconds_ago"))
    }
    activity.unknownPeers = try list(
      proto.unknownPeers, limit: Self.unknownPeerCountMax, "unknown_peers"
    ) {
      peer throws(WireError) in
      UnknownPeer(
        address: try text(peer.address, "address"),
        diagnostic: try text(peer.diagnostic, "diagnostic"),
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

/// Returns a text, or `nil` for an empty one.
private func optional(_ text: String) -> String? { text.isEmpty ? nil : text }

/// Returns a count that fits.
private func count(_ value: UInt64, _ name: String) throws(WireError) -> Int {
  try bounded(value, 0...Int.max, name)
}

/// Returns a number that is one.
private func finite(_ value: Double, _ name: String) throws(WireError) -> Double {
  guard value.isFinite else { throw .invalidField(name: name, diagnostic: "is \(value)") }
  return value
}
