/// How many sessions the workers of a key may have and open, so that no key keeps out the others.
package struct RegistrationQuota: Sendable {
  /// The sessions of all keys.
  private let sessionCountMax: Int
  private var buckets: [String: Bucket] = [:]

  /// The sessions that a key may still open at once; more come with time.
  private struct Bucket {
    var count: Double
    var filledAt: Instant
  }

  /// The seconds in which a key that has opened all that it may can open as many again.
  private static let refillSeconds = 100.0

  /// The greetings that a key has at once, however few sessions there may be.
  private static let capacityMin = 100

  /// Creates the quota of a coordinator with so many sessions.
  package init(sessionCountMax: Int) {
    precondition(sessionCountMax > 0)
    self.sessionCountMax = sessionCountMax
  }

  /// The sessions of one key: all but a quarter, which stays for others.
  package var sessionCountMaxOfKey: Int { max(1, sessionCountMax - sessionCountMax / 4) }

  /// Counts a session that a key wants to open, and returns why it may not, if so.
  ///
  /// - Parameters:
  ///   - key: the key, or `nil` without encryption, where nobody can be told from others.
  ///   - sessionCount: the sessions that the key has.
  ///   - hasOthers: whether other keys are allowed.
  package mutating func refusal(
    of key: String?, sessionCount: Int, hasOthers: Bool, at now: Instant
  ) -> String? {
    guard let key else { return nil }
    guard !hasOthers || sessionCount < sessionCountMaxOfKey else {
      return "its key has \(sessionCount) sessions, the limit for one key; ask again later"
    }
    // Where there is room for few, most greetings open no session and come again.
    let capacity = Double(max(sessionCountMax, Self.capacityMin))
    var bucket = buckets[key] ?? Bucket(count: capacity, filledAt: now)
    let seconds = (now - bucket.filledAt) / .seconds(1)
    bucket.count = min(capacity, bucket.count + seconds * capacity / Self.refillSeconds)
    bucket.filledAt = now
    defer { buckets[key] = bucket }
    guard bucket.count >= 1 else {
      return "its key has opened too many sessions in a short time; ask again later"
    }
    bucket.count -= 1
    return nil
  }

  /// Forgets the keys that are not allowed any more.
  package mutating func prune(isAllowed: (String) -> Bool) {
    buckets = buckets.filter { isAllowed($0.key) }
  }
}
