import SparsityCore

extension FaultPlan {
  /// Whether no worker falls silent without a word of its own before.
  ///
  /// What remains are processes that end when they have said they would, drains, idle workers,
  /// revoked keys, coordinators that die and disks that fail.
  package var isEveryDeathAnnounced: Bool {
    lossProbability == 0 && partitions.isEmpty && clogs.isEmpty && freezes.isEmpty
      && [workerCrashes, departures, hangs].allSatisfy(\.isEmpty) && !hasPoison
      && meanLifeShards == nil && reception?.linkBreaks.isEmpty ?? true
      && !clockJumps.contains { $0.process >= 0 }
  }

  /// Leaves only reasons to end that are told before, the last word excepted.
  mutating func announceDeaths(using generator: inout SeededGenerator) {
    lossProbability = 0
    partitions = []
    clogs = []
    freezes = []
    workerCrashes = []
    departures = []
    hangs = []
    losesFarewells = true
    clockJumps = clockJumps.filter { $0.process < 0 }
    if clockJumps.isEmpty {
      clockJumps = [
        Jump(
          process: -1, time: generator.number(in: 1...healsAt),
          step: generator.number(in: 5_000...60_000))
      ]
    }
    let shortest = generator.number(in: 1_500...5_000)
    lifetimes = shortest...(2 * shortest)
  }

  /// Returns a plan without faults in which workers have one slot each and these relative speeds.
  static func uneven(speeds: [Int]) -> FaultPlan {
    precondition(!speeds.isEmpty)
    precondition(speeds.allSatisfy { (1...1_000).contains($0) })
    var plan = FaultPlan()
    plan.workerCount = speeds.count
    plan.slotCounts = speeds.map { _ in 1 }
    plan.evaluationTimes = speeds.map { speed in
      let time = 8_000 / speed
      return max(1, time * 9 / 10)...max(1, time * 11 / 10)
    }
    plan.delayMax = 5
    plan.writeTimes = 1...5
    return plan
  }

  /// Returns a plan whose only faults are workers that die for reasons of their own, and killers.
  static func mortal(
    meanLifeShards: Int, workerCount: Int, hasPoison: Bool, using generator: inout SeededGenerator
  ) -> FaultPlan {
    precondition(meanLifeShards >= 1)
    var plan = FaultPlan()
    plan.workerCount = workerCount
    plan.slotCounts = (0..<workerCount).map { _ in generator.number(in: 1...2) }
    plan.evaluationTimes = (0..<workerCount).map { _ in
      let first = generator.number(in: 10...400)
      return first...generator.number(in: first...(2 * first))
    }
    plan.noticeProbability = 0.9
    plan.delayMax = 5
    plan.writeTimes = 1...20
    plan.hasPoison = hasPoison
    plan.meanLifeShards = meanLifeShards
    return plan
  }

  /// Draws when groups of workers cannot be reached, and when clocks jump.
  mutating func drawOutages(using generator: inout SeededGenerator) {
    partitions = outages(0.25, pauses: 500...20_000, &generator)
    clogs = outages(0.2, pauses: 100...8_000, &generator)
    if generator.chance(0.2) {
      clockJumps = (0..<generator.number(in: 1...3)).map { _ in
        Jump(
          process: generator.chance(0.4) ? -1 : generator.index(below: workerCount),
          time: generator.number(in: 1...healsAt), step: generator.number(in: 500...120_000))
      }
    }
    if generator.chance(0.15) {
      fullDisks = (0..<generator.number(in: 1...2)).map { _ in
        Crash(
          process: 0, time: generator.number(in: 1...healsAt),
          pause: generator.number(in: 500...15_000))
      }
    }
  }

  private func outages(
    _ probability: Double, pauses: ClosedRange<Int>, _ generator: inout SeededGenerator
  ) -> [Outage] {
    guard generator.chance(probability) else { return [] }
    return (0..<generator.number(in: 1...3)).map { _ in
      var members: Set<Int> = [generator.index(below: workerCount)]
      for process in 0..<workerCount where generator.chance(0.5) { members.insert(process) }
      return Outage(
        processes: members, time: generator.number(in: 1...healsAt),
        pause: generator.number(in: pauses))
    }
  }

  /// Draws for which known reasons workers leave.
  mutating func drawDepartures(using generator: inout SeededGenerator) {
    if generator.chance(0.2) {
      let shortest = generator.number(in: 1_500...20_000)
      lifetimes = shortest...(shortest + generator.number(in: 0...20_000))
    }
    if generator.chance(0.1) { idleTimeout = generator.number(in: 500...5_000) }
    if generator.chance(0.12) {
      revocations = (0..<generator.number(in: 1...2)).map { _ in
        Crash(
          process: generator.index(below: workerCount), time: generator.number(in: 1...healsAt),
          pause: 0)
      }
    }
  }
}
