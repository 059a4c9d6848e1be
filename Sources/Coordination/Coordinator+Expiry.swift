import SparsityCore
import WireProtocol

/// Leases and sessions whose time is over.
extension Coordinator {
  /// Wants leases and sessions to be looked through at some time at the latest.
  mutating func wantScan(at deadline: Instant) {
    scanDeadline = min(scanDeadline ?? deadline, deadline)
  }

  /// Ends the leases and sessions whose time is over, if it is time to look for them.
  mutating func scan(at now: Instant) {
    guard let due = scanDeadline, due <= now else { return }
    scanDeadline = nil
    overdue = []
    for worker in sessions.workers {
      guard let session = sessions[worker] else { continue }
      if now - session.heardAt >= settings.timing.sessionTimeout {
        lose(worker, words: "it was silent for \(now - session.heardAt)", at: now)
      } else {
        wantScan(at: session.heardAt + settings.timing.sessionTimeout)
        expireLeases(of: session, at: now)
      }
    }
    overdue = Set(overdue).sorted()
    expireSpotChecks(at: now)
  }

  private mutating func expireLeases(of session: Session, at now: Instant) {
    for (index, shard) in session.leases.enumerated() {
      guard let lease = ledger.lease(of: shard, by: session.worker) else { continue }
      guard lease.deadline <= now else {
        wantScan(at: lease.deadline)
        watch(lease, of: shard, at: now)
        continue
      }
      counters.lapsedLeases += 1
      giveBack(shard, from: session.worker)
      sessions.modify(session.worker) { session in
        session.isSatisfied = true
        if index < session.slots { session.lapsed.append(shard) }
      }
      guard index < session.slots else { continue }
      // A worker that beats and makes no progress is not dead: that says nothing about a killer.
      if now - session.advancedAt >= settings.timing.stallTimeout {
        losses.endTrial(of: session.worker)
      } else {
        suspectSilently(shard)
      }
    }
  }
}
