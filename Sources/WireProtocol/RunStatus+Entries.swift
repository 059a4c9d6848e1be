/// A worker that is not there any more, and why.
package struct Departure: Hashable, Sendable {
  /// How a session ends.
  package enum Kind: UInt8, CaseIterable, Hashable, Sendable {
    /// The worker has said farewell.
    case left = 1
    /// It fell silent.
    case lost = 2
    /// The coordinator does not let it take part.
    case refused = 3
  }

  /// How the session has ended.
  package var kind: Kind
  /// The worker's name for users.
  package var label: String
  /// Why.
  package var diagnostic: String
  /// The time since.
  package var millisecondsAgo: Int

  /// Creates an entry.
  package init(kind: Kind, label: String, diagnostic: String, millisecondsAgo: Int) {
    self.kind = kind
    self.label = label
    self.diagnostic = diagnostic
    self.millisecondsAgo = millisecondsAgo
  }
}

/// An address from which something came that is of no worker and no operator of the run.
package struct UnknownPeer: Hashable, Sendable {
  package var address: String
  /// What was wrong last.
  package var diagnostic: String
  /// How often something came.
  package var count: Int
  /// The time since the last of it.
  package var millisecondsAgo: Int

  /// The characters of an address; no true one has more.
  package static let addressLengthMax = 64

  /// Creates an entry.
  package init(address: String, diagnostic: String, count: Int, millisecondsAgo: Int) {
    self.address = address
    self.diagnostic = diagnostic
    self.count = count
    self.millisecondsAgo = millisecondsAgo
  }
}

/// How a worker is doing.
package struct WorkerStatus: Hashable, Sendable {
  /// The worker's name for users.
  package var label: String
  /// The second half of the session's identity, as 8 hexadecimal digits.
  package var session: String
  /// The evaluations that it runs at once.
  package var slots: Int
  /// The leases that it holds.
  package var leases: Int
  /// The results that it has sent since the coordinator started.
  package var results: Int
  /// The images that one slot works off in a second, while it evaluates.
  package var imagesPerSecond: Double
  /// The time since it was last heard.
  package var silentMilliseconds: Int
  /// The images that are done in the shards that it runs.
  package var imagesDone: Int
  /// The images of these shards.
  package var imagesLeased: Int
  /// The name of the key that has opened the session; empty without encryption.
  package var keyName: String

  package init(
    label: String, session: String, slots: Int, leases: Int, results: Int,
    imagesPerSecond: Double, silentMilliseconds: Int, imagesDone: Int, imagesLeased: Int,
    keyName: String
  ) {
    self.label = label
    self.session = session
    self.slots = slots
    self.leases = leases
    self.results = results
    self.imagesPerSecond = imagesPerSecond
    self.silentMilliseconds = silentMilliseconds
    self.imagesDone = imagesDone
    self.imagesLeased = imagesLeased
    self.keyName = keyName
  }
}

/// A candidate that was quarantined.
package struct QuarantinedCandidate: Hashable, Sendable {
  /// The candidate's number.
  package var candidate: Int
  /// Why it was quarantined.
  package var diagnostic: String

  /// Creates an entry.
  package init(candidate: Int, diagnostic: String) {
    self.candidate = candidate
    self.diagnostic = diagnostic
  }
}
