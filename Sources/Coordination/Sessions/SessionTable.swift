import WireProtocol

/// The sessions of a coordinator, and the queue of those that could take a lease.
package struct SessionTable: Sendable {
  /// The leases of a worker for each of its slots.
  package let leasesPerSlotMax: Int
  /// The leases that all workers could take now.
  package private(set) var spareCount = 0
  /// The leases that all workers hold.
  package private(set) var leaseCount = 0
  /// The slots of all workers.
  package private(set) var slotCount = 0
  /// The sessions that only measure again what others have measured.
  package private(set) var auditors: Set<WorkerID> = []
  private var sessions: [WorkerID: Session] = [:]
  /// The sessions of each key that have not failed to measure a shard again.
  private var keyCounts: [String: Int] = [:]
  /// The workers that could take a lease, and some that could.
  private var queues = FairQueues()

  /// Creates an empty table.
  package init(leasesPerSlotMax: Int) {
    self.leasesPerSlotMax = leasesPerSlotMax
  }

  /// The leases for each slot that a worker may hold, those included that it brought along.
  package var heldPerSlotMax: Int { max(2, leasesPerSlotMax) }

  /// The number of sessions.
  package var count: Int { sessions.count }

  /// The names of the keys whose sessions can measure shards again.
  package var keyNames: some Collection<String> { keyCounts.keys }

  /// The leases that a worker could take now.
  package func spareCount(of worker: WorkerID) -> Int {
    sessions[worker]?.spare(limit: leasesPerSlotMax) ?? 0
  }

  /// The sessions in the order of their identities.
  package var workers: [WorkerID] { sessions.keys.sorted() }

  /// Whether something is true of every session.
  ///
  /// - Complexity: O(*n*) for *n* sessions.
  package func allSatisfy(_ condition: (Session) -> Bool) -> Bool {
    sessions.values.allSatisfy(condition)
  }

  /// The session of a worker.
  package subscript(worker: WorkerID) -> Session? { sessions[worker] }

  /// Adds or replaces a session.
  package mutating func insert(_ session: Session) {
    var session = session
    remove(session.worker)
    session.queue.index = queues.index(of: session.key)
    sessions[session.worker] = session
    count(session, sign: 1)
    if let key = session.key, !session.standing.failsSpotChecks { keyCounts[key, default: 0] += 1 }
    if session.isAuditor { auditors.insert(session.worker) }
    enqueueIfSpare(session.worker)
  }

  /// Removes and returns a session.
  @discardableResult
  package mutating func remove(_ worker: WorkerID) -> Session? {
    guard let session = sessions.removeValue(forKey: worker) else { return nil }
    count(session, sign: -1)
    if !session.standing.failsSpotChecks { countDown(session.key) }
    auditors.remove(worker)
    return session
  }

  private mutating func countDown(_ key: String?) {
    guard let key, let count = keyCounts[key] else { return }
    keyCounts[key] = count > 1 ? count - 1 : nil
  }

  /// Lets a worker measure no shard again.
  package mutating func endSpotChecks(of worker: WorkerID) {
    guard let session = sessions[worker], !session.standing.failsSpotChecks else { return }
    sessions[worker]?.standing.endSpotChecks()
    countDown(session.key)
  }

  /// Changes a session; does nothing if there is none.
  package mutating func modify(_ worker: WorkerID, _ change: (inout Session) -> Void) {
    guard let index = sessions.index(forKey: worker) else { return }
    let difference = sessions.values[index].apply(change, limit: leasesPerSlotMax)
    spareCount += difference.spareCount
    leaseCount += difference.leaseCount
    slotCount += difference.slotCount
    if let queue = difference.queue { enqueue(worker, at: index, in: queue) }
  }

  /// Returns the worker that has waited longest to take a lease, of the key whose turn it is, or
  /// `nil`: a key with many sessions gets no more turns than one with few.
  package mutating func popSpare() -> WorkerID? {
    while let queue = queues.popTurn() {
      while let worker = queues.popFirst(of: queue) {
        guard let index = sessions.index(forKey: worker),
          sessions.values[index].leave(queue, limit: leasesPerSlotMax)
        else { continue }
        queues.addTurn(of: queue)
        return worker
      }
    }
    return nil
  }

  /// Puts a worker back to the end of its key's queue if it could take another lease.
  package mutating func enqueueIfSpare(_ worker: WorkerID) { modify(worker) { _ in } }

  private mutating func enqueue(
    _ worker: WorkerID, at index: Dictionary<WorkerID, Session>.Index, in queue: Int
  ) {
    // Entries of sessions that have left stay behind; they are thrown out when they abound.
    if queues.count(of: queue) > 2 * sessions.count + 1024 {
      let sessions = sessions
      queues.compact(queue) {
        sessions[$0]?.queue.waits(in: queue) == true
      }
    }
    sessions.values[index].queue.join()
    queues.append(worker, to: queue)
  }

  private mutating func count(_ session: Session, sign: Int) {
    spareCount += sign * session.spare(limit: leasesPerSlotMax)
    leaseCount += sign * session.load.leases.count
    slotCount += sign * session.load.slots
  }

  /// Traps unless counts and queue agree with the sessions.
  ///
  /// - Complexity: O(*n*) for *n* sessions.
  package func checkInvariants() {
    let all = sessions.values
    precondition(spareCount == all.reduce(0) { $0 + $1.spare(limit: leasesPerSlotMax) })
    precondition(leaseCount == all.reduce(0) { $0 + $1.load.leases.count })
    precondition(slotCount == all.reduce(0) { $0 + $1.load.slots })
    precondition(
      keyCounts.values.reduce(0, +) == all.count { $0.key != nil && !$0.standing.failsSpotChecks })
    precondition(auditors == Set(all.filter(\.isAuditor).map(\.worker)))
    let queued = queues.workers
    queues.checkInvariants()
    for session in all {
      session.load.checkInvariants(limit: heldPerSlotMax)
      precondition(session.queue.isWaiting || session.spare(limit: leasesPerSlotMax) == 0)
      precondition(!session.queue.isWaiting || queued.contains(session.worker))
    }
  }
}

extension Session {
  /// By how much a change has changed what the table counts, and the queue to join now.
  fileprivate struct Difference {
    let spareCount: Int
    let leaseCount: Int
    let slotCount: Int
    let queue: Int?
  }

  /// Changes the session in place: a copy of it costs more than most changes.
  fileprivate mutating func apply(_ change: (inout Session) -> Void, limit: Int) -> Difference {
    let before = (spare: spare(limit: limit), leases: load.leases.count, slots: load.slots)
    change(&self)
    if case .trial = isolation, load.leases.isEmpty { isolation = nil }
    let spare = spare(limit: limit)
    return Difference(
      spareCount: spare - before.spare, leaseCount: load.leases.count - before.leases,
      slotCount: load.slots - before.slots,
      queue: spare > 0 && !queue.isWaiting ? queue.index : nil)
  }

  /// Leaves a queue; returns whether it was in it and could take a lease.
  fileprivate mutating func leave(_ index: Int, limit: Int) -> Bool {
    queue.leave(index) && spare(limit: limit) > 0
  }
}
