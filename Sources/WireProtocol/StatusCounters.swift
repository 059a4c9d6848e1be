/// Counts of what a coordinator has seen; they only grow, and never influence what it does.
package struct CoordinatorCounters: Hashable, Sendable {
  /// Results that were taken, images in them, and microseconds that they took.
  package var results = 0
  /// The images of these results.
  package var images = 0
  /// The time that workers spent on them.
  package var evaluationMicroseconds = 0
  /// Results that came after their lease had expired or in another session, and were taken.
  package var expiredResults = 0
  /// Results of shards that were done already.
  package var duplicateResults = 0
  /// Results that differ from an earlier one of the same shard: some worker computes wrongly.
  package var disagreements = 0
  /// Results that were dropped because too many records wait for the store.
  package var postponedResults = 0
  /// Leases given.
  package var leases = 0
  /// Leases of shards that another worker had already, and was slow with.
  package var backupLeases = 0
  /// Leases that expired or were lost with their worker.
  package var expiredLeases = 0
  /// Running leases that were taken over from a returning worker.
  package var adoptedLeases = 0
  /// Shards that workers gave back because an evaluation failed.
  package var failedEvaluations = 0
  /// Frames that could not be decoded.
  package var malformedFrames = 0
  /// Messages of an unknown kind.
  package var unknownMessages = 0
  /// Messages that make no sense from a worker or belong to another run.
  package var strayMessages = 0
  /// Results from sessions that were not given the shard.
  package var unleasedResults = 0
  /// Sessions that were refused.
  package var refusedWorkers = 0
  /// Sessions that ended without a farewell.
  package var lostWorkers = 0
  /// Sessions that ended so while they ran shards, and without having announced it.
  package var suspectedDeaths = 0
  /// Leases of suspects, given to workers that have nothing else.
  package var trialLeases = 0
  /// Shards with known results that workers evaluated again to show that they can.
  package var controlLeases = 0
  /// Results from before the search has begun anew that were taken over.
  package var recalledResults = 0
  /// Shards that were given to a worker of another key than the first.
  package var spotCheckLeases = 0
  /// Of these, the shards of which both keys have found the same.
  package var confirmedShards = 0
  /// Writes that failed.
  package var failedWrites = 0

  /// Creates zero counts.
  package init() {}
}

/// Counts of what the sockets have seen.
package struct TransportCounters: Hashable, Sendable {
  /// Messages received, malformed ones included.
  package var received = 0
  /// Messages sent.
  package var sent = 0
  /// Messages to peers that are not connected; nothing was sent.
  package var unreachable = 0
  /// Messages to peers whose queue is full; nothing was sent.
  package var full = 0
  /// Connections that the authenticator refused.
  package var refusedConnections = 0
  /// Handshakes that failed for other reasons: no key, the wrong server key, another protocol.
  package var failedHandshakes = 0
  /// Connections that could not be accepted, for want of file descriptors as a rule.
  package var failedAccepts = 0
  /// Messages of keys that were revoked.
  package var notAllowed = 0
  /// Sessions that were not opened, because their key has enough or opens them too fast.
  package var turnedAway = 0
  /// Messages by connections that were about to end.
  package var refusedMessages = 0
  /// Connections that were ended: silent, refused, or holding too much memory.
  package var endedConnections = 0
  /// Messages that claim a session which another key has opened.
  package var mismatchedKeys = 0
  /// Batches that the journal has made durable.
  package var commits = 0

  /// Creates zero counts.
  package init() {}
}

extension CoordinatorActivity {
  /// All that is counted, with its name on the wire and in reports; new names come at the end.
  package static let countNames:
    [(name: String, path: WritableKeyPath<CoordinatorActivity, Int> & Sendable)] = [
      ("results", \.counters.results), ("images", \.counters.images),
      ("leases", \.counters.leases), ("expiredLeases", \.counters.expiredLeases),
      ("adoptedLeases", \.counters.adoptedLeases), ("expiredResults", \.counters.expiredResults),
      ("duplicateResults", \.counters.duplicateResults),
      ("disagreements", \.counters.disagreements),
      ("spotCheckLeases", \.counters.spotCheckLeases),
      ("confirmedShards", \.counters.confirmedShards),
      ("recalledResults", \.counters.recalledResults),
      ("failedEvaluations", \.counters.failedEvaluations),
      ("lostWorkers", \.counters.lostWorkers), ("refusedWorkers", \.counters.refusedWorkers),
      ("malformedFrames", \.counters.malformedFrames),
      ("unknownMessages", \.counters.unknownMessages),
      ("strayMessages", \.counters.strayMessages),
      ("unleasedResults", \.counters.unleasedResults), ("failedWrites", \.counters.failedWrites),
      ("refusedConnections", \.transport.refusedConnections),
      ("failedHandshakes", \.transport.failedHandshakes),
      ("failedAccepts", \.transport.failedAccepts),
      ("revokedKeyMessages", \.transport.notAllowed),
      ("turnedAwayWorkers", \.transport.turnedAway),
      ("refusedMessages", \.transport.refusedMessages),
      ("endedConnections", \.transport.endedConnections),
      ("mismatchedKeyMessages", \.transport.mismatchedKeys), ("lostMessages", \.transport.full),
      ("evaluationMicroseconds", \.counters.evaluationMicroseconds),
      ("postponedResults", \.counters.postponedResults),
      ("backupLeases", \.counters.backupLeases),
      ("suspectedDeaths", \.counters.suspectedDeaths), ("trialLeases", \.counters.trialLeases),
      ("controlLeases", \.counters.controlLeases),
      ("receivedMessages", \.transport.received), ("sentMessages", \.transport.sent),
      ("unreachableMessages", \.transport.unreachable), ("commits", \.transport.commits),
    ]
}
