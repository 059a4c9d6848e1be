import Coordination
import SparsityCore
import TestSupport
import Testing
import WireProtocol

/// A run with encrypted workers, each with a key of its own, through all lives of its coordinator.
struct KeyedFleet {
  /// A worker with one slot.
  struct Worker {
    let id: WorkerID
    /// The name of its key.
    let key: String
    /// Whether it says that every image is classified correctly.
    var lies = false
    /// Whether it hands back what it is given, as if it had enough to do.
    var isLazy = false
  }

  let run: TestRun
  var workers: [Worker]
  private(set) var journal: [JournalRecord] = []
  private(set) var machine: Coordinator
  private(set) var endings: [Coordinator.Ending] = []
  private(set) var notifications: [Coordinator.Notification] = []
  private(set) var auditorCount = 0
  /// How often each worker was given each shard, over all lives.
  private(set) var leases: [String: [ShardID: Int]] = [:]
  /// The final refusals, by key.
  private(set) var refusals: [String: Refusal] = [:]
  private var events: [Coordinator.Event] = []
  private var now = Instant.start

  /// Creates a run in which the coordinator's own worker comes when it is wanted if `hasAuditor`.
  init(
    evaluations: Int = 12, order: CommitOrder = .asynchronous, share: Double, workers: [Worker],
    hasAuditor: Bool = false, journal: [JournalRecord] = []
  ) throws {
    var run = try TestRun(evaluations: evaluations)
    run.settings.order = order
    run.settings.spotChecks = SpotCheckSettings(share: share, hasAuditor: hasAuditor)
    self.run = run
    self.workers = workers
    self.journal = journal
    machine = try Self.coordinator(run, journal)
  }

  private static func coordinator(
    _ run: TestRun, _ journal: [JournalRecord]
  ) throws -> Coordinator {
    try Coordinator(
      settings: run.settings, discards: DiscardedResults(in: journal), recovering: journal)
  }

  /// The evaluations that the front and the search know, without who has measured them.
  var found: [EvaluatedCandidate] {
    let discards = DiscardedResults(in: journal)
    var found: [CandidateID: EvaluatedCandidate] = [:]
    for (sequence, record) in journal.enumerated() where sequence >= discards.searchStart {
      guard case .evaluated(var evaluated) = record else { continue }
      evaluated.keyNames = []
      found[evaluated.candidate] = evaluated
    }
    return found.values.sorted { $0.candidate < $1.candidate }
  }

  /// Runs until the run is complete, or until the coordinator has nothing to do any more.
  mutating func runToEnd(discarding keyName: String? = nil, after shardCount: Int = 0) throws {
    begin()
    var wanted = keyName
    var rounds = 0
    while endings.last != .completed, rounds < 20_000 {
      rounds += 1
      if let name = wanted, machine.counters.results >= shardCount {
        wanted = nil
        events.append(.discardRequested(keyName: name))
      }
      if events.isEmpty {
        guard let deadline = machine.nextDeadline else { return }
        now = max(now, deadline)
        events.append(.ticked)
        for worker in workers { beat(worker) }
      }
      try apply(events.removeFirst())
    }
  }

  private mutating func begin() {
    events = [.started]
    for worker in workers { greet(worker) }
  }

  private mutating func greet(_ worker: Worker) {
    events.append(
      message(
        .hello(
          Hello(
            supported: ProtocolVersion.supported, build: "", label: worker.key, slots: 1,
            offers: [ExampleBackend.offer()], held: [])),
        from: worker))
    events.append(message(.request(WorkRequest(leaseCountMax: 1)), from: worker))
  }

  private mutating func beat(_ worker: Worker) {
    events.append(message(.heartbeat(Heartbeat(leaseCountMax: 1, held: [])), from: worker))
  }

  private mutating func apply(_ event: Coordinator.Event) throws {
    for effect in machine.applyThinking(event, at: now) {
      switch effect {
      case .persist(let batch):
        journal += batch.records
        events.append(.persisted(firstSequence: batch.firstSequence))
      case .send(let envelope, let worker): receive(envelope.message, at: worker)
      case .notify(let notification): notifications.append(notification)
      case .startAuditor:
        auditorCount += 1
        let auditor = Worker(id: WorkerID(99), key: run.settings.spotChecks.trustedKey)
        workers.append(auditor)
        greet(auditor)
      case .finish(let ending):
        endings.append(ending)
        if ending == .restarting {
          machine.checkInvariants()
          machine = try Self.coordinator(run, journal)
          let trustedKey = run.settings.spotChecks.trustedKey
          workers.removeAll { $0.key == trustedKey }
          begin()
          return
        }
      default: break
      }
    }
    machine.checkInvariants()
  }

  private mutating func receive(_ message: Message, at id: WorkerID) {
    guard let worker = workers.first(where: { $0.id == id }) else { return }
    switch message {
    case .lease(let grant):
      leases[worker.key, default: [:]][grant.shard, default: 0] += 1
      if worker.isLazy {
        events.append(
          self.message(
            .reject(
              Rejection(shard: grant.shard, key: grant.key, reason: .handedBack, diagnostic: "busy")
            ),
            from: worker))
        return
      }
      events.append(self.message(.result(result(of: grant, by: worker)), from: worker))
      events.append(self.message(.request(WorkRequest(leaseCountMax: 1)), from: worker))
    case .refused(let refusal) where refusal.isFinal: refusals[worker.key] = refusal
    case .rehello: greet(worker)
    default: break
    }
  }

  private func message(_ message: Message, from worker: Worker) -> Coordinator.Event {
    .received(
      Envelope(run: run.run, term: machine.term, sequence: 0, message: message),
      from: worker.id, key: worker.key)
  }

  private func result(of grant: LeaseGrant, by worker: Worker) -> ShardResult {
    var correct = BitVector(count: grant.slice.count)
    for (index, gene) in grant.genome.genes.enumerated() where index < correct.count {
      correct[index] = worker.lies || gene == 1
    }
    return ShardResult(
      shard: grant.shard, key: grant.key,
      measurement: ShardMeasurement(correct: correct, summedLoss: worker.lies ? 0 : 1),
      costs: run.settings.model.cost(grant.genome).wireValues, evaluationMicroseconds: 5,
      token: grant.token)
  }
}
