import AcceleratorModel
import SparsityCore
import Testing

struct CrossoverTests {
  private static func model(
    _ patterns: [String], profile: AcceleratorProfile = .systolic32, width: Int = 96
  ) throws -> CostModel {
    let shape = try CostModelTests.deit(width: width, heads: 3, depth: 2)
    return try CostModelTests.model(shape, patterns: patterns, profile: profile)
  }

  @Test func `patterns of equal folds cost the same, and the denser one is kept`() throws {
    // 96 inputs on 64 rows: 1:4 and 2:4 keep 24 and 48 (one fold), 3:4 and 4:4 need two.
    let profile = try AcceleratorProfile.systolic32.overriding(rows: 64, columns: 64)
    let model = try Self.model(["1:4", "2:4", "3:4", "4:4"], profile: profile)
    let crossover = try #require(model.crossovers().first)
    #expect(crossover.layer == "blocks.0.attn.qkv")
    #expect(
      crossover.groups.map { $0.patterns.map(\.description) } == [["1:4", "2:4"], ["3:4", "4:4"]])
    #expect(2 * crossover.groups[0].cycles == crossover.groups[1].cycles)
    #expect(crossover.dominated.map(\.pattern.description) == ["1:4", "3:4"])
    #expect(crossover.dominated.map(\.by.description) == ["2:4", "4:4"])
  }

  @Test func `a choice that saves anything that counts is kept`() throws {
    let profile = try AcceleratorProfile.systolic32.overriding(rows: 64, columns: 64)
    let model = try Self.model(["1:4", "2:4", "3:4", "4:4"], profile: profile)
    for objective in [Objective.macs, .weightBytes, .energy] {
      let criteria = CostCriteria(objectives: [.accuracy, .throughput, objective], constraints: [])
      #expect(model.costs.dominatingChoices(criteria).allSatisfy { $0.allSatisfy { $0 == nil } })
    }
    let bounded = CostConstraint(objective: .macs, bound: .atMost, limit: .relativeToDense(0.5))
    let criteria = CostCriteria(objectives: [.accuracy, .throughput], constraints: [bounded])
    #expect(model.costs.dominatingChoices(criteria).allSatisfy { $0.allSatisfy { $0 == nil } })
    let timed = CostCriteria(objectives: [.accuracy, .throughput, .latency], constraints: [])
    #expect(model.costs.dominatingChoices(timed)[0] == [1, nil, 3, nil])
  }

  @Test func `a quantity of which more is wanted must stay as it is`() throws {
    // Cycles are equal and 2:4 has more multiply-accumulates than 1:4, which a bound may forbid.
    let profile = try AcceleratorProfile.systolic32.overriding(rows: 64, columns: 64)
    let model = try Self.model(["1:4", "2:4"], profile: profile)
    let bound = CostConstraint(objective: .latency, bound: .atLeast, limit: .absolute(1))
    let criteria = CostCriteria(objectives: [.accuracy, .latency], constraints: [bound])
    #expect(criteria.fixed == [.latency])
    #expect(model.costs.dominatingChoices(criteria)[0] == [1, nil])
    let denser = try Self.model(["2:4", "4:4"], profile: .a100)
    let slower = CostCriteria(objectives: [.accuracy, .latency], constraints: [bound])
    // 2:4 is slower than dense there: a bound from below could need it.
    #expect(denser.costs.dominatingChoices(slower)[0] == [nil, nil])
    #expect(denser.costs.dominatingChoices(.time)[0] == [1, nil])
  }

  @Test func `a pattern that a denser one cannot hold is kept`() throws {
    // 1:4 keeps 24 of 96 inputs and 3:8 keeps 36: one fold each, but 3:8 cannot hold every 1:4…
    let profile = try AcceleratorProfile.systolic32.overriding(rows: 64, columns: 64)
    let model = try Self.model(["1:4", "3:16"], profile: profile)
    // … as 1:4 cannot hold 3:16, three of which may stand in one group of four.
    #expect(model.costs.dominatingChoices(.time)[0] == [nil, nil])
  }

  @Test func `the control drops every sparse choice`() throws {
    let model = try Self.model(["1:4", "2:4", "4:4"], profile: .edgeTPU)
    #expect(model.costs.dominatingChoices(.time).allSatisfy { $0 == [2, 2, nil] })
  }

  @Test func `a batch schedule finds the best batch under a limit and where waiting ends`() throws {
    let network = try CostModelTests.deit(width: 384, heads: 6).network
    let space = SearchSpace(layers: network.prunableLayers, patterns: [.dense])
    let genome = Genome(uniform: 0, count: 48)
    func schedule(
      _ profile: AcceleratorProfile, max: Int, limit: Double? = nil
    ) throws -> BatchSchedule {
      try BatchSchedule(
        network: network, space: space, genome: genome, profile: profile, batchMax: max,
        latencySecondsMax: limit)
    }
    let free = try schedule(.systolic32, max: 40)
    #expect(free.rows.map(\.cost.batch) == [1, 2, 4, 8, 16, 32])
    #expect(free.best?.cost.batch == 32)
    #expect(free.crossings.allSatisfy { $0.batch == 1 })
    let limit = free.rows[3].cost.latencySeconds
    let limited = try schedule(.systolic32, max: 40, limit: limit)
    #expect(limited.best?.cost.batch == 8)
    #expect(limited.rows.map(\.meetsLimit) == [true, true, true, true, false, false])
    #expect(try schedule(.systolic32, max: 8, limit: limit / 1e6).best == nil)

    var small = AcceleratorProfile.s2ta
    small.memory.capacityBytes = Int(free.rows[1].footprintBytes)
    let fitting = try schedule(small, max: 8)
    #expect(fitting.rows.map(\.fitsMemory) == [true, true, false, false])
    #expect(fitting.best?.cost.batch ?? 0 <= 2)

    var slow = AcceleratorProfile.systolic32
    slow.memory = ExternalMemory(bytesPerSecond: 4_000_000_000)
    slow.scratch?.inputKibibytes = 1 << 20
    slow.scratch?.outputKibibytes = 1 << 20
    let crossing = try #require(try schedule(slow, max: 64).crossings.first?.batch)
    // 110,592 + 75,648·b cycles of memory meet 40,608 + 85,104·b of the array at b = 7.4.
    #expect(crossing == 8)
    for (batch, isWaiting) in [(crossing - 1, true), (crossing, false)] {
      let model = try CostModel(network: network, space: space, profile: slow, batch: batch)
      let qkv = try #require(model.layerCosts(of: genome).first { $0.isPrunable })
      #expect((qkv.bound != .compute) == isWaiting)
    }
    let never = try schedule(slow, max: 1)
    #expect(never.crossings.first?.batch == nil)
  }
}
