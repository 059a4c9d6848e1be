import SparsityCore
import WireProtocol

/// Leases and sessions whose time is over.
extension Coordinator {
  /// Ends the leases and sessions whose time is over, if it is time to look for them.
  mutating func scan(at now: Instant) {
    guard clock.takeScan(at: now) else { return }
    stragglers.beginScan()
    for worker in leases.sessions.workers {
      guard let session = leases.sessions[worker] else { continue }
      let silence = session.contact.silence(at: now)
      if silence >= settings.timing.sessionTimeout {
        lose(worker, diagnostic: "it was silent for \(silence)", at: now)
      } else {
        clock.wantScan(at: session.contact.heardAt + settings.timing.sessionTimeout)
        expireLeases(of: session, at: now)
      }
    }
    stragglers.endScan()
    expireSpotChecks(at: now)
  }

  private mutating func expireLeases(of session: Session, at now: Instant) {
    for (index, shard) in session.load.leases.enumerated() {
      guard let lease = leases.ledger.lease(of: shard, by: session.worker) else { continue }
      guard lease.deadline <= now else {
        clock.wantScan(at: lease.deadline)
        watch(lease, of: shard, at: now)
        continue
      }
      counters.expiredLeases += 1
      leases.giveBack(shard, from: session.worker)
      leases.modify(session.worker) { session in
        session.load.satisfy()
        if index < session.load.slots { session.load.expire(shard) }
      }
      guard index < session.load.slots else { continue }
      // A worker that beats and makes no progress is not dead: that says nothing about a killer.
      if session.contact.isStalled(for: settings.timing.stallTimeout, at: now) {
        faults.losses.endTrial(of: session.worker)
      } else {
        suspectSilently(shard)
      }
    }
  }
}
