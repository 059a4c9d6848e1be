import SparsityCore
import WireProtocol

/// Shards that are measured again with another key, to find keys that deliver what is not so.
///
/// Numerics are exact, so two honest workers never differ: a difference convicts one of the two
/// keys. Who it is says the coordinator's own key, which nobody was given, or, where it has no
/// worker, the majority of three. The method is spot-checking of volunteer computing (Sarmenta,
/// "Sabotage-tolerance mechanisms for volunteer computing systems", 2002).
struct SpotChecks: Sendable {
  /// What a key has found out about a shard.
  struct Finding: Hashable, Sendable {
    /// The images classified correctly.
    let correctCount: Int
    let summedLossBits: UInt64
    let keyName: String

    /// Whether another key has found the same.
    func agrees(with other: Finding) -> Bool {
      correctCount == other.correctCount && summedLossBits == other.summedLossBits
    }
  }

  /// A shard that is measured again.
  struct Check: Sendable {
    /// The lease that its workers get, but for the token.
    let grant: LeaseGrant
    /// Whether the run is not complete without it.
    var isRequired: Bool
    /// What was found, each key once; the first is what the journal holds.
    var findings: [Finding]
    /// How often a worker could not do it.
    var failureCount = 0
    /// Who does it, and since when.
    var holder: Holder?

    /// Whether keys have found different things.
    var isDisputed: Bool { findings.contains { !$0.agrees(with: findings[0]) } }

    /// Whether the run depends on it, or keys disagree about it.
    var isUrgent: Bool { isRequired || isDisputed }
  }

  /// The worker that measures a shard again.
  struct Holder: Hashable, Sendable {
    let worker: WorkerID
    let startedAt: Instant
    var sentAt: Instant
    var sendCount = 1
  }

  /// What the findings about a shard say.
  enum Verdict: Hashable {
    /// It takes another finding.
    case open
    /// All are the same.
    case confirmed
    /// These keys have found what is not so.
    case wrong([String])
  }

  /// The optional checks that there are at once: where the workers of other keys cannot keep up,
  /// fewer shards are checked.
  static let optionalCountMax = 64
  /// How often workers may fail at a check before it is dropped.
  static let failureCountMax = 3

  /// The name of the coordinator's own key, whose findings are believed.
  let trustedKey: String
  /// Whether a worker with that key can be had, as far as is known.
  var hasAuditor: Bool
  private(set) var checks: [ShardID: Check] = [:]
  private var held: [WorkerID: ShardID] = [:]
  /// The checks without a holder, in the order in which they are given out.
  private var waiting: [ShardID] = []
  private(set) var requiredCount = 0

  /// Creates an empty collection.
  init(trustedKey: String, hasAuditor: Bool) {
    self.trustedKey = trustedKey
    self.hasAuditor = hasAuditor
  }

  /// Whether no check waits or is under way.
  var isEmpty: Bool { checks.isEmpty }
  /// Whether a check waits for a worker.
  var hasWaiting: Bool { !waiting.isEmpty }
  /// Whether the run depends on a check, or keys disagree about one.
  var hasUrgent: Bool {
    requiredCount > 0 || checks.values.contains(where: \.isUrgent)
  }
  /// The checks under way, by the worker that does them.
  var underWay: [(worker: WorkerID, shard: ShardID)] {
    held.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The check that a worker does.
  func check(of worker: WorkerID) -> Check? { held[worker].flatMap { checks[$0] } }

  // MARK: Changes

  /// Adds a shard that a key has measured, or another finding about it.
  mutating func add(_ grant: LeaseGrant, finding: Finding, isRequired: Bool = false) {
    let shard = grant.shard
    if var check = checks[shard] {
      if !check.findings.contains(where: { $0.keyName == finding.keyName }) {
        check.findings.append(finding)
      }
      checks[shard] = check
      if isRequired || check.isDisputed { require(shard) }
      return
    }
    guard isRequired || checks.count - requiredCount < Self.optionalCountMax else { return }
    checks[shard] = Check(grant: grant, isRequired: isRequired, findings: [finding])
    requiredCount += isRequired ? 1 : 0
    waiting.append(shard)
  }

  /// Lets the run wait for a check: keys that disagree are told apart before its end, too.
  private mutating func require(_ shard: ShardID) {
    guard checks[shard]?.isRequired == false else { return }
    checks[shard]?.isRequired = true
    requiredCount += 1
  }

  /// Removes a check, decided or not, and returns it.
  @discardableResult
  mutating func remove(_ shard: ShardID) -> Check? {
    guard let check = checks.removeValue(forKey: shard) else { return nil }
    requiredCount -= check.isRequired ? 1 : 0
    if let holder = check.holder { held[holder.worker] = nil }
    waiting.removeAll { $0 == shard }
    return check
  }

  /// Returns the first waiting check that a worker with a key may do.
  ///
  /// - Complexity: O(*c*) for *c* waiting checks.
  func next(for worker: WorkerID, keyName: String) -> ShardID? {
    guard held[worker] == nil else { return nil }
    return waiting.first { shard in
      checks[shard].map { mayDo($0, keyName: keyName) } ?? false
    }
  }

  private func mayDo(_ check: Check, keyName: String) -> Bool {
    guard !keyName.isEmpty, !check.findings.contains(where: { $0.keyName == keyName }) else {
      return false
    }
    // Two who conspire would be a majority of three.
    return !check.isDisputed || !hasAuditor || keyName == trustedKey
  }

  /// Gives a waiting check to a worker.
  mutating func begin(_ shard: ShardID, by worker: WorkerID, at now: Instant) {
    precondition(held[worker] == nil)
    precondition(checks[shard]?.holder == nil)
    waiting.removeAll { $0 == shard }
    held[worker] = shard
    checks[shard]?.holder = Holder(worker: worker, startedAt: now, sentAt: now)
  }

  /// Records that the lease of a check was sent again.
  mutating func resent(to worker: WorkerID, at now: Instant) {
    guard let shard = held[worker] else { return }
    checks[shard]?.holder?.sentAt = now
    checks[shard]?.holder?.sendCount += 1
  }

  /// Takes what a worker has found.
  mutating func finish(by worker: WorkerID, finding: Finding) {
    guard let shard = held.removeValue(forKey: worker) else { return }
    checks[shard]?.holder = nil
    checks[shard]?.findings.append(finding)
    waiting.append(shard)
    if checks[shard]?.isDisputed == true { require(shard) }
  }

  /// Takes a check from a worker, which has failed at it or cannot go on; returns it if it is given
  /// up because nobody can do it.
  mutating func release(_ worker: WorkerID, hasFailed: Bool) -> Check? {
    guard let shard = held.removeValue(forKey: worker) else { return nil }
    checks[shard]?.holder = nil
    waiting.append(shard)
    guard hasFailed else { return nil }
    checks[shard]?.failureCount += 1
    guard let count = checks[shard]?.failureCount, count >= Self.failureCountMax else { return nil }
    return remove(shard)
  }

  // MARK: Verdicts

  /// Judges what was found about a shard.
  func verdict(of shard: ShardID) -> Verdict {
    guard let findings = checks[shard]?.findings, findings.count > 1 else { return .open }
    guard checks[shard]?.isDisputed == true else { return .confirmed }
    let right: Finding?
    if let trusted = findings.first(where: { $0.keyName == trustedKey }) {
      right = trusted
    } else if hasAuditor {
      right = nil
    } else {
      right = findings.first { finding in
        findings.count { $0.agrees(with: finding) } * 2 > findings.count
      }
    }
    guard let right else { return .open }
    return .wrong(findings.filter { !$0.agrees(with: right) }.map(\.keyName).sorted())
  }

  /// The required and the disputed checks that nobody of these keys may do.
  ///
  /// - Complexity: O(*c k*) for *c* waiting checks and *k* keys.
  func stuck(among keys: some Collection<String>) -> [ShardID] {
    waiting.filter { shard in
      guard let check = checks[shard], check.isUrgent else { return false }
      return !keys.contains { mayDo(check, keyName: $0) }
    }
  }

  /// Traps unless the checks, their holders and the counts agree.
  func checkInvariants(sessions: SessionTable) {
    precondition(requiredCount == checks.values.count { $0.isRequired })
    precondition(Set(waiting).count == waiting.count)
    precondition(waiting.count + held.count == checks.count)
    for shard in waiting { precondition(checks[shard]?.holder == nil && checks[shard] != nil) }
    for (worker, shard) in held {
      precondition(checks[shard]?.holder?.worker == worker)
      precondition(sessions[worker]?.load.hasSpotCheck == true)
    }
    precondition(sessions.workers.count { sessions[$0]?.load.hasSpotCheck == true } == held.count)
  }
}
