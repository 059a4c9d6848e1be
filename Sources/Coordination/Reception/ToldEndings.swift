/// Why the coordinator ends a connection.
package enum ConnectionEndReason: Hashable, Sendable {
  /// Too much of it was not consumed.
  case flood
  /// It took too little of what it was sent.
  case unread
  /// It has never said anything.
  case silence
  /// Its peer was turned away or has lost its right.
  case refusal

  /// Whether a peer should look into it.
  var isUrgent: Bool {
    switch self {
    case .flood, .unread: true
    case .silence, .refusal: false
    }
  }
}

/// What was told about connections that were ended: one sentence for each key and reason, so that
/// nobody fills a log by being cut off.
package struct ToldEndings: Sendable {
  private struct Told: Hashable, Sendable {
    let reason: ConnectionEndReason
    let key: String?
  }

  private var told: Set<Told> = []

  /// Creates a memory of nothing.
  package init() {}

  /// Returns the sentence about the end of a connection, unless it was told before.
  ///
  /// - Parameter key: the key that the peer has shown, if anything came from it.
  package mutating func notice(of reason: ConnectionEndReason, key: String?) -> Notice? {
    let told = Told(reason: reason, key: key)
    guard self.told.count < UnknownPeers.countMax, self.told.insert(told).inserted else {
      return nil
    }
    let peer = key.map { "a peer with the key \($0)" } ?? "a peer that has shown no key"
    let act =
      switch reason {
      case .flood: "floods the coordinator"
      case .unread: "does not take what it is sent"
      case .silence: "was silent"
      case .refusal: "was turned away"
      }
    let text = "\(peer) \(act): its connection was ended"
    return reason.isUrgent ? .warning(text) : Notice(text, urgency: .information)
  }
}
