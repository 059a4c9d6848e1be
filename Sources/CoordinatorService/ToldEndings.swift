/// What was told about connections that were ended: one sentence for each key and reason, so that
/// nobody fills a log by being cut off.
struct ToldEndings {
  private struct Told: Hashable {
    let reason: ConnectionTable.Reason
    let key: String?
  }

  private var told: Set<Told> = []

  /// Returns the sentence about an ending, unless it was told before.
  mutating func words(of ending: ConnectionTable.Ending) -> String? {
    let told = Told(reason: ending.reason, key: ending.key)
    guard self.told.count < UnknownPeers.countMax, self.told.insert(told).inserted else {
      return nil
    }
    let peer = ending.key.map { "a peer with the key \($0)" } ?? "a peer that has shown no key"
    let reason =
      switch ending.reason {
      case .flood: "floods the coordinator"
      case .unread: "does not take what it is sent"
      case .silence: "was silent"
      case .refusal: "was turned away"
      }
    return "\(peer) \(reason): its connection was ended"
  }
}

extension ConnectionTable.Ending {
  /// Whether somebody should look into it.
  var isWarning: Bool {
    switch reason {
    case .flood, .unread: true
    case .silence, .refusal: false
    }
  }
}
