import SparsityCore
import WireProtocol

/// What is measured again with another key, what first results were, and which keys are trusted.
///
/// ``SpotChecks`` holds the checks and judges their findings; here is when the run needs them, and
/// how long it waits for a peer who can do them.
package struct Verification: Sendable {
  private let settings: SpotCheckSettings
  /// The names of the keys that are trusted no more.
  private let distrusted: Set<String>
  /// What makes the share that is measured again a secret.
  private let tokens: LeaseTokens
  /// What is measured again.
  var checks: SpotChecks
  /// The last results, to compare later ones of the same shards with them.
  private var firstResults = RecentMemory<ShardID, ResultTrace>(countMax: 4_096)
  /// Whether a worker with the coordinator's own key was asked for.
  package private(set) var isAuditorWanted = false
  /// Since when nobody has come for the checks that the run waits for.
  private var untakenSince: Instant?
  /// The concluded candidates after which the front was looked through for what must be checked.
  private var frontPlannedAt: Int?

  /// Creates a verification of which nothing is under way.
  package init(settings: SpotCheckSettings, distrusted: Set<String>, tokens: LeaseTokens) {
    self.settings = settings
    self.tokens = tokens
    self.distrusted = distrusted
    checks = SpotChecks(trustedKey: settings.trustedKey, hasAuditor: settings.hasAuditor)
  }

  /// The results that are remembered.
  package var memoryCount: Int { firstResults.count }

  // MARK: Keys

  /// Whether anything is measured again in this run.
  package var repeatsShards: Bool { settings.share > 0 }

  /// Whether what a key delivers needs another key's word.
  package func needsWitness(_ keyName: String) -> Bool {
    !keyName.isEmpty && keyName != settings.trustedKey
  }

  /// Whether sessions of a key only measure again what others have measured.
  package func isAuditor(_ key: String?) -> Bool {
    !settings.trustedKeyWorks && key == settings.trustedKey
  }

  /// Whether the results of a key were discarded.
  package func distrusts(_ keyName: String) -> Bool { distrusted.contains(keyName) }

  /// Why the results of a key may not be discarded, or `nil` if they may.
  package func discardProblem(of keyName: String) -> String? {
    if keyName.isEmpty { return "the name of the key is missing" }
    if keyName == settings.trustedKey { return "\(keyName) is the coordinator's own key" }
    if distrusts(keyName) { return "the results of \(keyName) are discarded already" }
    return nil
  }

  // MARK: Results

  /// The first result of a shard, if it is remembered.
  func firstResult(of shard: ShardID) -> ResultTrace? { firstResults[shard] }

  /// Remembers the first result of a shard for a while.
  mutating func remember(_ trace: ResultTrace, of shard: ShardID) {
    firstResults.set(trace, for: shard)
  }

  /// Whether a shard belongs to the secret share that is measured again.
  package func isDrawn(_ key: ShardKey) -> Bool { tokens.draw(of: key) < settings.share }

  /// Returns one of so many things that nobody can foresee who does not know the secret.
  package func choice(of count: Int, for key: ShardKey) -> Int {
    Int(tokens.draw(of: key) * Double(count))
  }

  // MARK: The front

  /// Whether the front is to be looked through for what must be measured again, once for each
  /// number of concluded candidates.
  package func needsFrontPlan(concludedCount: Int) -> Bool {
    repeatsShards && frontPlannedAt != concludedCount
  }

  /// Takes note that the front is looked through.
  package mutating func planFront(concludedCount: Int) { frontPlannedAt = concludedCount }

  /// Whether nothing must be measured again before the run counts as complete.
  package func isFrontChecked(concludedCount: Int) -> Bool {
    !repeatsShards || (frontPlannedAt == concludedCount && checks.requiredCount == 0)
  }

  // MARK: The auditor

  /// Takes note that a worker with the coordinator's own key is asked for.
  package mutating func wantAuditor() {
    isAuditorWanted = true
    untakenSince = nil
  }

  /// When it has been too long that nobody has come for the last checks of the run: workers that
  /// seem to be able to may be busy for ever with what they cannot finish, or hand back what they
  /// are given.
  package mutating func patienceEnd(timing: CoordinatorTiming, at now: Instant) -> Instant {
    let since = untakenSince ?? now
    untakenSince = since
    return since + (isAuditorWanted ? timing.stallTimeout : timing.sessionTimeout * 2)
  }

  /// Takes note that a peer has done a check, or that none is waited for.
  package mutating func endPatience() { untakenSince = nil }

  /// Leaves an absence of the coordinator out of what it waits for.
  package mutating func allow(for absence: Duration) {
    untakenSince = untakenSince.map { $0 + absence }
  }
}
