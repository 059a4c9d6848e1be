import ContentHashing
import Coordination
import SparsityCore
import WireProtocol

/// Runs a coordinator and its workers in virtual time through faults that a seed decides.
///
/// Everything happens on one thread, in an order that depends on the seed alone. Machines are the
/// real ones, every message crosses the real codec, and the checks look at what crosses the network
/// and what is durable, not at what the machines believe.
package struct Simulator: Sendable {
  let seed: UInt64
  let options: SimulationOptions
  let plan: FaultPlan
  let run: SimulatedRun
  var generator: SeededGenerator
  var events = EventQueue()
  var now = 0
  var isHealed = false
  var coordinator: SimulatedCoordinator
  var workers: [SimulatedWorker]
  var places: [WorkerID: Int] = [:]
  var journal = SimulatedJournal()
  /// Decides about snapshots only, so that everything else happens as without them.
  var snapshotGenerator: SeededGenerator
  /// Decides only how long the search thinks, as above.
  var searchGenerator: SeededGenerator
  /// Decides about the run's arithmetic only, as above.
  var numericsGenerator: SeededGenerator
  /// Decides about the forger only, as above.
  var forgerGenerator: SeededGenerator
  /// Decides about keys and the coordinator's own worker only, as above.
  var keyGenerator: SeededGenerator
  /// Decides about connections, strangers and what holders of keys do, as above.
  var receptionGenerator: SeededGenerator
  /// The coordinator's sockets.
  var transport = SimulatedTransport()
  /// The sessions that the greedy key keeps, and all that it has ever asked for.
  var greedySessions: [WorkerID] = []
  var greedyIDs: Set<WorkerID> = []
  /// The events that had happened when the machines were last asked for their own checks.
  var checkedEventCount = 0
  /// How many events are being applied to the coordinator, one within the other.
  var applyDepth = 0
  /// How often the coordinator was told something in the last millisecond in which it was.
  var lastStep = (now: 0, count: 0)
  /// Whether the coordinator has said that nobody could measure some shard again.
  var isFrontUnrepeated = false
  /// Who holds which key, in runs with encryption.
  let keys: SimulatedKeys?
  /// The session under which the forger sends, if it has begun.
  var forger: WorkerID?
  /// The name under which the forger greets.
  static let forgerLabel = "forger"
  var violations: [String] = []
  var hasher = ContentHasher()
  var trace: Trace?
  var eventCount = 0
  var deliveredCount = 0
  var computedShardCount = 0
  /// The coordinator's life in which the key of a session was revoked.
  var revoked: [WorkerID: Int] = [:]
  /// The shards that a peer has evaluated.
  var finishedShards: Set<ShardID> = []
  /// The time of evaluations that were the first of their shards.
  var usefulMilliseconds = 0
  /// The time of the slots of processes that have ended.
  var availableMilliseconds = 0
  /// What the checks remember of this life of the coordinator.
  var observed = ObservedLife()
  /// When the last result became durable since the faults ended, once there was one at all.
  var resultAt: Int?
  /// The workers that each candidate has killed in trials.
  var killCounts: [CandidateID: Int] = [:]
  /// When everything must be finished.
  let deadline: Int
  /// The events after which the run is given up.
  let eventCountMax: Int
  /// A frame of an honest worker, for the rogue to spoil.
  var sampleFrame: [UInt8] = []

  /// Runs the simulation of a seed to its end.
  ///
  /// `trace` is given a line for each thing that happens.
  package static func run(
    seed: UInt64, options: SimulationOptions = SimulationOptions(),
    trace: (@Sendable (String) -> Void)? = nil
  ) -> SimulationReport {
    var simulator = Simulator(seed: seed, options: options, trace: trace)
    simulator.start()
    while simulator.step() {}
    return simulator.report()
  }

  private init(
    seed: UInt64, options: SimulationOptions, trace: (@Sendable (String) -> Void)?
  ) {
    var generator = SeededGenerator(seed: seed)
    var plan = Self.plan(of: options, using: &generator)
    // What the run computes must not depend on the plan.
    var runGenerator = SeededGenerator(seed: seed, stream: 1)
    var run = SimulatedRun(
      using: &runGenerator, order: options.order, evaluationCount: options.evaluationCount)
    numericsGenerator = SeededGenerator(seed: seed, stream: 3)
    run.drawNumericsWindow(using: &numericsGenerator)
    forgerGenerator = SeededGenerator(seed: seed, stream: 4)
    let isForgerDrawn = forgerGenerator.chance(0.2)
    let isForgerAllowed = options.speeds == nil && options.mortality == nil && !plan.isCalm
    plan.hasForger = isForgerDrawn && isForgerAllowed && !plan.isCrowd
    keyGenerator = SeededGenerator(seed: seed, stream: 5)
    var spotChecks = run.settings.spotChecks
    let drawnKeys = SimulatedKeys(
      using: &keyGenerator, hasWrongWorker: plan.hasWrongWorker, settings: &spotChecks)
    let areKeysAllowed = options.speeds == nil && options.mortality == nil && !plan.isCrowd
    keys = areKeysAllowed ? drawnKeys : nil
    if keys != nil { run.settings.spotChecks = spotChecks }
    receptionGenerator = SeededGenerator(seed: seed, stream: 7)
    // Comparisons ask what workers find; how peers are received is asked by all other seeds.
    if options.speeds == nil, options.mortality == nil, !plan.isCalm {
      plan.reception = ReceptionFaults(using: &receptionGenerator, plan: plan)
    }
    if let countMax = plan.reception?.contestedSessionCount {
      run.settings.bounds.sessionCountMax = countMax
    }
    if plan.isCrowd {
      run.settings.bounds.sessionCountMax = seed.isMultiple(of: 2) ? 10_000 : 4_000
    }
    self.seed = seed
    self.options = options
    self.plan = plan
    self.run = run
    self.trace = trace.map(Trace.init)
    workers = (0..<plan.workerCount).map { index in
      SimulatedWorker(
        index: index, slots: plan.slotCounts[index],
        evaluationTimes: plan.evaluationTimes[index],
        isDeviant: plan.hasDeviantWorker && index == 1,
        isSick: plan.hasSickWorker && index == 0,
        isWrong: plan.hasWrongWorker && index == plan.workerCount - 1)
    }
    if keys != nil {
      workers.append(
        SimulatedWorker(
          index: plan.workerCount, slots: 1, evaluationTimes: plan.evaluationTimes[0],
          isDeviant: false, isSick: false, isWrong: false, isGone: true))
    }
    coordinator = SimulatedCoordinator()
    snapshotGenerator = SeededGenerator(seed: seed, stream: 2)
    searchGenerator = SeededGenerator(seed: seed, stream: 6)
    coordinator.thinkTimeMax = searchGenerator.chance(0.3) && !plan.isCrowd ? 400 : 0
    deadline = plan.healsAt + Self.livenessBound(plan, run, options)
    eventCountMax = options.eventCountMax + max(0, plan.workerCount - 6) * 2_000
    self.generator = generator
  }

  private static func plan(
    of options: SimulationOptions, using generator: inout SeededGenerator
  ) -> FaultPlan {
    if let speeds = options.speeds { return .uneven(speeds: speeds) }
    guard let mortality = options.mortality else {
      return FaultPlan(using: &generator, workerCount: options.workerCount)
    }
    return .mortal(
      meanLifeShards: mortality.meanLifeShards,
      workerCount: options.workerCount ?? generator.number(in: 1...6),
      hasPoison: mortality.hasPoison, using: &generator)
  }

  /// Returns the time within which a single slow worker finishes the whole run.
  private static func livenessBound(
    _ plan: FaultPlan, _ run: SimulatedRun, _ options: SimulationOptions
  ) -> Int {
    // Stopped evaluations make room for more, of which each has a shard more at most.
    let conclusionCount =
      run.conclusionCount(savedImageCount: 0) * (run.settings.stopping == nil ? 1 : 2)
    let shards = conclusionCount * run.settings.description.slices.count
    let longest = plan.evaluationTimes.map(\.upperBound).max() ?? 0
    let harm = plan.hasPoison || plan.hasFailures ? 120_000 * (conclusionCount + 3) : 0
    // Who dies early comes back late, and is missed for long.
    let deaths = plan.meanLifeShards == nil ? 0 : 60_000 * shards
    return options.patience + shards * (longest + 100) + harm + deaths
  }

  private mutating func start() {
    tell("plan: \(plan)")
    events.add(.startCoordinator, at: 0)
    for worker in workers where !worker.isGone {
      events.add(.startWorker(worker.index), at: generator.number(in: 0...2_000))
    }
    for crash in plan.workerCrashes {
      events.add(.crashWorker(crash.process, pause: crash.pause), at: crash.time)
    }
    for crash in plan.departures {
      events.add(.crashWorker(crash.process, pause: nil), at: crash.time)
    }
    for drain in plan.drains {
      events.add(.drainWorker(drain.process), at: drain.time)
    }
    for freeze in plan.freezes {
      events.add(.freezeWorker(freeze.process, pause: freeze.pause), at: freeze.time)
    }
    for hang in plan.hangs { events.add(.hangWorker(hang.process), at: hang.time) }
    for crash in plan.coordinatorCrashes {
      events.add(.crashCoordinator(pause: crash.pause), at: crash.time)
    }
    for drain in plan.coordinatorDrains {
      events.add(.drainCoordinator(pause: drain.pause), at: drain.time)
    }
    for stop in plan.coordinatorStops {
      events.add(.stopCoordinator(pause: stop.pause), at: stop.time)
    }
    for jump in plan.clockJumps {
      let worker = jump.process < 0 ? nil : jump.process
      events.add(.jumpClock(worker: worker, step: jump.step), at: jump.time)
    }
    for revocation in plan.revocations {
      events.add(.revokeKey(revocation.process), at: revocation.time)
    }
    for disk in plan.fullDisks {
      events.add(.recoverStore(coordinatorLife: 1), at: disk.time + disk.pause)
    }
    for linkBreak in plan.reception?.linkBreaks ?? [] {
      events.add(.breakLink(linkBreak.process, pause: linkBreak.pause), at: linkBreak.time)
    }
    for stall in plan.reception?.stalls ?? [] {
      events.add(.stallCoordinator(pause: stall.pause), at: stall.time)
    }
    for drain in plan.reception?.workerDrains ?? [] {
      events.add(.drainByName(drain.process), at: drain.time)
    }
    if plan.reception?.hasStrangers == true { events.add(.intrude, at: 100) }
    if plan.reception?.hasImpostor == true { events.add(.impersonate, at: 100) }
    if plan.reception?.contestedSessionCount != nil { events.add(.grab, at: 100) }
    if plan.hasRogue { events.add(.sendGarbage, at: 100) }
    if plan.hasForger { events.add(.forge, at: 100) }
    events.add(.heal, at: plan.healsAt)
  }

  /// Works off the next occurrence; returns whether the simulation goes on.
  private mutating func step() -> Bool {
    guard violations.isEmpty, !coordinator.isFinished else { return false }
    guard let (due, occurrence) = events.next() else {
      violate("nothing happens any more, and the run is not finished")
      return false
    }
    now = due
    eventCount += 1
    if now > deadline || eventCount > eventCountMax {
      violate(
        "not finished at \(now) ms after \(eventCount) events: "
          + (coordinator.machine.map { "\($0.status)" } ?? "the coordinator is down"))
      return false
    }
    happen(occurrence)
    checkProgress()
    checkForger()
    checkPresence()
    return true
  }

  private mutating func happen(_ occurrence: Occurrence) {
    switch occurrence {
    case .arriveAtCoordinator(let frame, let worker): arriveAtCoordinator(frame, from: worker)
    case .arriveAtWorker(let frame, let worker): arriveAtWorker(frame, to: worker)
    case .noticeGone(let worker, let life):
      if life == coordinator.life { noticeGone(worker) }
    case .wakeCoordinator(let life):
      guard life == coordinator.life, let wakesAt = coordinator.wakesAt else { return }
      if wakesAt <= now { takeTurn() }
    case .wakeWorker(let worker):
      guard let place = place(of: worker) else { return }
      guard let wakesAt = workers[place].process?.wakesAt else { return }
      if wakesAt <= now { tellWorker(worker, .ticked) }
    case .finishPreparation(let worker):
      if let thaw = thaw(of: worker) {
        events.add(occurrence, at: thaw)
      } else {
        if let place = place(of: worker) { workers[place].process?.readyAt = now }
        tellWorker(worker, .prepared(run.inputs))
      }
    case .progress(let worker, let task, let token):
      guard let place = place(of: worker) else { return }
      guard workers[place].process?.running[task.shard] == token else { return }
      tellWorker(worker, .progressed(task.shard, imagesDone: task.slice.count / 2))
    case .finishEvaluation(let worker, let task, let token):
      finishEvaluation(worker, task, token: token)
    case .finishWrite(let batch, let life): finishWrite(batch, coordinatorLife: life)
    case .finishThinking(let request, let life):
      if life == coordinator.life { tellCoordinator(.coordinator(.proposed(request.answer()))) }
    case .finishSnapshot(let snapshot, let life): finishSnapshot(snapshot, coordinatorLife: life)
    case .crashWorker(let index, let pause): crashWorker(index, pause: pause)
    case .perish(let worker):
      guard let place = place(of: worker) else { return }
      crashWorker(place, pause: generator.number(in: 1...2_000))
    case .startWorker(let index): startWorker(index)
    case .drainWorker(let index): drainWorker(index)
    case .freezeWorker(let index, let pause): freezeWorker(index, pause: pause)
    case .hangWorker(let index):
      tell("worker-\(index) hangs")
      if !isHealed { workers[index].process?.isHanging = true }
    case .endLifetime(let worker): endLifetime(of: worker)
    case .jumpClock(let worker, let step): jumpClock(worker: worker, step: step)
    case .revokeKey(let index): revokeKey(of: index)
    case .crashCoordinator(let pause): crashCoordinator(pause: pause)
    case .drainCoordinator(let pause): drainCoordinator(pause: pause)
    case .stopCoordinator(let pause): stopCoordinator(pause: pause)
    case .failAuditor(let life):
      if life == coordinator.life {
        tellCoordinator(.coordinator(.auditorFailed(diagnostic: "no machine")))
      }
    case .recoverStore(let life):
      if life == coordinator.life { tellCoordinator(.coordinator(.storageRecovered)) }
    case .startCoordinator: startCoordinator()
    case .sendGarbage: sendGarbage()
    case .forge: forge()
    case .heal: heal()
    case .connect(let worker, let life): connect(worker, coordinatorLife: life)
    case .endLink(let worker, let connection, let life):
      endLink(of: worker, connection, coordinatorLife: life)
    case .cutLink(let worker, let connection, let life):
      cutLink(of: worker, connection, coordinatorLife: life)
    case .breakLink(let index, let pause): breakLink(of: index, pause: pause)
    case .stallCoordinator(let pause): stallCoordinator(pause: pause)
    case .drainByName(let index): drainByName(index)
    case .intrude: intrude()
    case .impersonate: impersonate()
    case .grab: grab()
    }
  }

  /// Ends the faults: everybody who has not left for good comes back, and one worker at least.
  private mutating func heal() {
    isHealed = true
    tell("the faults end")
    if !journal.shards.isEmpty { resultAt = now }
    let own = workers.prefix(plan.workerCount)
    if !own.contains(where: { $0.isSound && (keys == nil || !$0.isWrong) }) {
      workers[0].isGone = false
      workers[0].isSick = false
      workers[0].isRevoked = false
      endWork(of: 0)
      workers[0].process = nil
      tellKeys()
    }
    for worker in workers where !worker.isGone && worker.process == nil {
      events.add(.startWorker(worker.index), at: now + 1)
    }
    if !coordinator.isRunning { events.add(.startCoordinator, at: now + 1) }
  }

  /// Records that a rule was broken.
  mutating func violate(_ diagnostic: String) {
    violations.append("at \(now) ms: \(diagnostic)")
    tell("BROKEN: \(diagnostic)")
  }

  /// Adds a line to the trace.
  func tell(_ diagnostic: @autoclosure () -> String) {
    trace?.write("\(now) \(diagnostic())")
  }

  /// Adds bytes to the digest, with the time.
  mutating func digest(_ bytes: [UInt8], mark: UInt64) {
    hasher.update(UInt64(now) << 8 | mark)
    hasher.update(bytes.span)
  }
}

/// Where the lines of a simulation's history go.
struct Trace: Sendable {
  /// Takes a line.
  let write: @Sendable (String) -> Void

  init(_ write: @escaping @Sendable (String) -> Void) {
    self.write = write
  }
}
