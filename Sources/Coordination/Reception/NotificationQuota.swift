/// How many notifications the holders of one key may cause, so that nobody fills a log or a screen.
///
/// Each key has a burst and then one more every half second, warnings and errors apart from the
/// rest: a flood of registrations hides no loss. What is left out is counted and told now and then.
package struct NotificationQuota: Sendable {
  /// The notifications that a key may cause at once, of each of the two kinds.
  package static let burstCountMax = 200
  /// The time after which it may cause one more.
  package static let refillInterval = Duration.milliseconds(500)
  /// The time between two sentences about what was left out.
  package static let summaryInterval = Duration.seconds(10)
  /// The keys that are told apart; those beyond share what one has.
  package static let keyCountMax = 10_000

  private struct Account: Hashable, Sendable {
    let key: String
    let isUrgent: Bool
  }

  private struct Allowance: Sendable {
    /// When the whole burst is there again.
    var fullAt: Instant
    var leftOutCount = 0
  }

  private var allowances: [Account: Allowance] = [:]
  private var summaryDeadline = Instant.start

  /// Creates a quota of which nothing is used.
  package init() {}

  /// Counts a notification; returns whether it may be told.
  package mutating func admit(_ key: String, isUrgent: Bool, at now: Instant) -> Bool {
    let account = account(of: key, isUrgent: isUrgent, at: now)
    var allowance = allowances[account] ?? Allowance(fullAt: now)
    let fullAt = max(allowance.fullAt, now) + Self.refillInterval
    if fullAt - now <= Self.refillInterval * Self.burstCountMax {
      allowance.fullAt = fullAt
      allowances[account] = allowance
      return true
    }
    allowance.leftOutCount += 1
    allowances[account] = allowance
    return false
  }

  /// Returns what was left out since the last time, by key, if it is time to tell.
  package mutating func takeSummary(at now: Instant) -> [(key: String, count: Int)] {
    guard summaryDeadline <= now else { return [] }
    summaryDeadline = now + Self.summaryInterval
    return takeSummary()
  }

  /// Returns what was left out and not told yet, by key.
  package mutating func takeSummary() -> [(key: String, count: Int)] {
    var counts: [String: Int] = [:]
    for (account, allowance) in allowances where allowance.leftOutCount > 0 {
      counts[account.key, default: 0] += allowance.leftOutCount
      allowances[account]?.leftOutCount = 0
    }
    return counts.sorted { $0.key < $1.key }.map { (key: $0.key, count: $0.value) }
  }

  private mutating func account(of key: String, isUrgent: Bool, at now: Instant) -> Account {
    let account = Account(key: key, isUrgent: isUrgent)
    guard allowances[account] == nil, allowances.count >= 2 * Self.keyCountMax else {
      return account
    }
    // Anyone who has the whole burst again is as good as new.
    allowances = allowances.filter { $0.value.fullAt > now || $0.value.leftOutCount > 0 }
    return allowances.count < 2 * Self.keyCountMax
      ? account : Account(key: "of others", isUrgent: isUrgent)
  }
}
