/// What happens after the coordinator was away: suspended, or kept from running.
///
/// Time that passed unseen says nothing about workers, so everything that measures their silence is
/// moved by it. Otherwise a suspended machine would wake up, find all workers silent, and blame the
/// candidates for it.
extension Coordinator {
  /// Moves what is being waited for by the time that the coordinator was away, if it was.
  ///
  /// It asks to be told of the time once in each ``CoordinatorTiming/heartbeatInterval``; if it was
  /// told nothing for two of them, it was away since it was last told something.
  ///
  /// - Complexity: O(*s* + *l*) for *s* sessions and *l* leases after an absence.
  mutating func allowForAbsence(at now: Instant) {
    defer { appliedAt = now }
    let absence = now - appliedAt
    guard absence > settings.timing.heartbeatInterval * 2, sessions.count > 0 else { return }
    for worker in sessions.workers {
      sessions.modify(worker) { session in
        session.heardAt = session.heardAt + absence
        session.advancedAt = session.advancedAt + absence
      }
      for shard in sessions[worker]?.leases ?? [] {
        guard var lease = ledger.lease(of: shard, by: worker) else { continue }
        lease.deadline = lease.deadline + absence
        lease.givenAt = lease.givenAt + absence
        ledger.update(lease, of: shard)
      }
    }
    restIdleSince = restIdleSince.map { $0 + absence }
    untakenSince = untakenSince.map { $0 + absence }
    scanDeadline = now
  }

  /// When the time is wanted so that an absence can be told from silence.
  var presenceDeadline: Instant? {
    sessions.count == 0 ? nil : appliedAt + settings.timing.heartbeatInterval
  }
}
