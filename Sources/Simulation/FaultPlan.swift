import SparsityCore

/// What goes wrong in one simulated run; every seed draws another mixture.
///
/// Most plans have only some of the faults: a fault that always happens hides what others do
/// (swarm testing, Groce et al. 2012). All times are virtual milliseconds.
package struct FaultPlan: Hashable, Sendable {
  /// When the faults end: the network heals and a core of workers stays.
  package var healsAt = 0
  /// The probability that a message is lost.
  package var lossProbability = 0.0
  /// The probability that a message arrives twice.
  package var duplicationProbability = 0.0
  /// The longest way of a message; different delays change the order.
  package var delayMax = 1
  /// The probability that a send to a dead peer is noticed by the transport.
  package var noticeProbability = 0.0
  /// The workers at the start.
  package var workerCount = 1
  /// The slots of each worker.
  package var slotCounts: [Int] = [1]
  /// The shortest and the longest evaluation of each worker.
  package var evaluationTimes: [ClosedRange<Int>] = [1...1]
  /// When workers die: worker and time; they come back as new sessions after a pause.
  package var workerCrashes: [Crash] = []
  /// Workers that leave for good at some time, without a word.
  package var departures: [Crash] = []
  /// Workers that hang from some time until a later one.
  package var freezes: [Freeze] = []
  /// Workers whose evaluations never end from some time on, while their heartbeats go on.
  package var hangs: [Crash] = []
  /// When the coordinator dies; unwritten records are lost.
  package var coordinatorCrashes: [Crash] = []
  /// When the coordinator is asked to let all workers leave and to end; it comes back and resumes.
  package var coordinatorDrains: [Crash] = []
  /// When the coordinator alone is asked to end; its workers stay, it comes back and resumes.
  package var coordinatorStops: [Crash] = []
  /// The shortest and the longest time of a write.
  package var writeTimes: ClosedRange<Int> = 1...1
  /// The probability that a write fails.
  package var writeFailureProbability = 0.0
  /// Workers that are asked to leave in good order at some time.
  package var drains: [Crash] = []
  /// When groups of workers are cut off: nothing reaches them and nothing comes from them.
  package var partitions: [Outage] = []
  /// When the links of workers are clogged: what is sent arrives when that is over.
  package var clogs: [Outage] = []
  /// When clocks jump ahead, as after a suspension; process -1 is the coordinator.
  package var clockJumps: [Jump] = []
  /// When the disk is full.
  package var fullDisks: [Crash] = []
  /// When workers' keys are revoked.
  package var revocations: [Crash] = []
  /// The shortest and the longest time that is given to a worker's process, if any.
  package var lifetimes: ClosedRange<Int>?
  /// The time without work after which workers leave.
  package var idleTimeout: Int?
  /// Whether the farewells of workers are lost.
  package var losesFarewells = false
  /// Whether one worker finds other bits now and then.
  package var hasWrongWorker = false
  /// Whether there are thousands of workers.
  package var isCrowd = false
  /// Whether one worker computes other costs.
  package var hasDeviantWorker = false
  /// Whether every evaluation of one worker fails.
  package var hasSickWorker = false
  /// Whether a peer sends bytes that are no messages.
  package var hasRogue = false
  /// Whether the holder of a key sends results and claims of shards that it was not given.
  package var hasForger = false
  /// Whether one candidate in twelve kills every worker that evaluates it.
  package var hasPoison = false
  /// Whether the evaluation of one candidate in twelve fails.
  package var hasFailures = false
  /// What goes wrong with connections, keys and strangers, if connections are simulated at all.
  package var reception: ReceptionFaults?
  /// The shards that workers evaluate on average before they die for reasons of their own.
  package var meanLifeShards: Int?

  /// The end of a process at some time.
  package struct Crash: Hashable, Sendable {
    /// Which process; always zero for the coordinator.
    package var process: Int
    /// When it ends.
    package var time: Int
    /// How long it stays away.
    package var pause: Int
  }

  /// A time during which some workers are not reached as usual.
  package struct Outage: Hashable, Sendable {
    /// Which workers.
    package var processes: Set<Int>
    /// When it begins.
    package var time: Int
    /// How long it lasts.
    package var pause: Int

    /// Whether a worker is concerned at some time.
    func concerns(_ process: Int, at now: Int) -> Bool {
      time <= now && now < time + pause && processes.contains(process)
    }
  }

  /// A clock that jumps ahead.
  package struct Jump: Hashable, Sendable {
    /// Whose clock: a worker's, or -1 for the coordinator's.
    package var process: Int
    /// When it jumps.
    package var time: Int
    /// How far.
    package var step: Int
  }

  /// A process that does nothing for a while.
  package struct Freeze: Hashable, Sendable {
    /// Which worker.
    package var process: Int
    /// When it stops.
    package var time: Int
    /// How long it stands still.
    package var pause: Int
  }

  /// The workers from which on not every check is made after each step.
  package static let crowdSizeMin = 1_000

  /// Creates a plan without faults for one worker.
  init() {}

  /// Draws a plan, for a number of workers or for as many as chance wants.
  init(using generator: inout SeededGenerator, workerCount count: Int? = nil) {
    // What decides which candidates can be evaluated comes first: it is the same for any workers.
    let isCalm = generator.chance(0.06)
    hasPoison = generator.chance(0.15) && !isCalm
    hasFailures = generator.chance(0.15) && !isCalm
    let isDrawnCrowd = generator.chance(0.0025)
    isCrowd = count.map { $0 >= Self.crowdSizeMin } ?? isDrawnCrowd
    healsAt = generator.number(in: isCrowd ? 1_000...4_000 : 3_000...40_000)
    let drawnCount = isCrowd ? 10_000 : generator.number(in: 1...6)
    workerCount = count ?? drawnCount
    slotCounts = (0..<workerCount).map { _ in generator.number(in: 1...3) }
    let longest = [5, 50, 400, 3_000][generator.index(below: 4)]
    evaluationTimes = (0..<workerCount).map { _ in
      let first = generator.number(in: 1...longest)
      return first...generator.number(in: first...(2 * longest))
    }
    noticeProbability = generator.chance(0.5) ? generator.unitInterval() : 0
    drawNetwork(using: &generator)
    drawCrashes(using: &generator)
    drawStore(using: &generator)
    drawOutages(using: &generator)
    drawDepartures(using: &generator)
    // Some plans have only ends that were announced: nobody may be blamed for them.
    if generator.chance(0.08), !hasPoison { announceDeaths(using: &generator) }
    // Without faults nothing may be computed twice, which only calm plans can tell.
    if isCalm {
      calm()
      return
    }
    hasDeviantWorker = generator.chance(0.15)
    hasWrongWorker = workerCount > 1 && generator.chance(0.1)
    hasSickWorker = workerCount > 1 && generator.chance(0.15)
    hasRogue = generator.chance(0.2)
    if generator.chance(0.1), !isCrowd { meanLifeShards = generator.number(in: 3...20) }
  }

  /// Whether nothing goes wrong but writes.
  package var isCalm: Bool {
    lossProbability == 0 && duplicationProbability == 0 && delayMax <= 50 && !hasPoison
      && !hasFailures && !hasDeviantWorker && !hasSickWorker && !hasRogue
      && [coordinatorCrashes, coordinatorDrains, coordinatorStops].allSatisfy(\.isEmpty)
      && freezes.isEmpty
      && [workerCrashes, departures, hangs, drains, revocations].allSatisfy(\.isEmpty)
      && partitions.isEmpty && clogs.isEmpty && clockJumps.isEmpty && lifetimes == nil
      && idleTimeout == nil && !hasWrongWorker && meanLifeShards == nil
  }

  private mutating func calm() {
    lossProbability = 0
    duplicationProbability = 0
    delayMax = min(delayMax, 50)
    workerCrashes = []
    departures = []
    hangs = []
    drains = []
    coordinatorCrashes = []
    coordinatorDrains = []
    coordinatorStops = []
    freezes = []
    partitions = []
    clogs = []
    clockJumps = []
    revocations = []
    lifetimes = nil
    idleTimeout = nil
    losesFarewells = false
  }

  private mutating func drawNetwork(using generator: inout SeededGenerator) {
    if generator.chance(0.6) { lossProbability = 0.4 * generator.unitInterval() }
    if generator.chance(0.5) { duplicationProbability = 0.3 * generator.unitInterval() }
    delayMax = [1, 5, 50, 500][generator.index(below: 4)]
  }

  private mutating func drawCrashes(using generator: inout SeededGenerator) {
    let span = 1...healsAt
    func crashes(
      _ probability: Double, _ countMax: Int, _ processes: Int, pauses: ClosedRange<Int>,
      _ generator: inout SeededGenerator
    ) -> [Crash] {
      guard generator.chance(probability) else { return [] }
      return (0..<generator.number(in: 1...countMax)).map { _ in
        Crash(
          process: generator.index(below: processes), time: generator.number(in: span),
          pause: generator.number(in: pauses))
      }
    }
    workerCrashes = crashes(0.5, 8, workerCount, pauses: 1...4_000, &generator)
    departures = crashes(0.3, workerCount, workerCount, pauses: 0...0, &generator)
    drains = crashes(0.3, 2, workerCount, pauses: 1...2_000, &generator)
    hangs = crashes(0.25, 3, workerCount, pauses: 0...0, &generator)
    coordinatorCrashes = crashes(0.5, 6, 1, pauses: 1...6_000, &generator)
    // What asks for an end is a signal more often than an operator.
    let ends = crashes(0.15, 2, 1, pauses: 1...4_000, &generator)
    coordinatorDrains = ends.filter { $0.time.isMultiple(of: 3) }
    coordinatorStops = ends.filter { !$0.time.isMultiple(of: 3) }
    freezes = crashes(0.3, 3, workerCount, pauses: 500...30_000, &generator).map {
      Freeze(process: $0.process, time: $0.time, pause: $0.pause)
    }
  }

  private mutating func drawStore(using generator: inout SeededGenerator) {
    let slowest = [0, 2, 50, 2_000, 8_000][generator.index(below: 5)]
    writeTimes = 0...slowest
    if generator.chance(0.3) { writeFailureProbability = 0.7 * generator.unitInterval() }
  }
}
