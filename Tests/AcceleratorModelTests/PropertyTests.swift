import AcceleratorModel
import NetworkArchitectures
import SparsityCore
import Testing

/// Properties over random layers and profiles.
struct PropertyTests {
  /// A random profile with on-chip memory, and one product for it.
  private struct Draw {
    var profile: AcceleratorProfile
    let m: Int
    let k: Int
    let n: Int
    let pattern: NMPattern

    init(seed: UInt64) throws {
      var generator = SeededGenerator(seed: seed)
      func number(_ bound: Int) -> Int { 1 + generator.index(below: bound) }
      let groupSize = [4, 8, 16][number(3) - 1]
      pattern = try #require(NMPattern(kept: number(groupSize), groupSize: groupSize))
      (m, k, n) = (number(600), number(600), number(600))
      profile = .systolic32
      if number(3) == 1 {
        profile.engine = .tile(
          TileEngine(
            tokens: number(32), inputs: number(64), outputs: number(32),
            cyclesPerTile: number(40), fillCycles: number(40), operandBytesPerCycle: nil))
      } else {
        let dataflow = ArrayDataflow.allCases[number(4) - 1]
        profile.engine = .systolic(
          try SystolicArray(
            rows: number(64), columns: number(64), dataflow: dataflow,
            isShadowed: dataflow == .weightStationary && number(2) == 1))
      }
      profile.formats = [.index, .bitmap, .dense]
      profile.scratch = ScratchMemory(
        weightKibibytes: number(64) - 1, inputKibibytes: number(64) - 1,
        outputKibibytes: number(64) - 1, isDoubleBuffered: number(2) == 1)
      profile.memory = ExternalMemory(
        bytesPerSecond: 1_000_000 << number(16), efficiencyMillionths: number(1_000_000))
    }

    func estimate(pattern: NMPattern? = nil, m: Int? = nil) throws -> ProductEstimate {
      try gemmCost(m: m ?? self.m, k: k, n: n, pattern: pattern ?? self.pattern, profile: profile)
    }
  }

  @Test(arguments: UInt64(0)..<400)
  func `stalls never are negative, nor grow with bandwidth or memory`(seed: UInt64) throws {
    var draw = try Draw(seed: seed)
    let base = try draw.estimate()
    #expect(base.stallCycles >= 0)
    #expect(base.stallCycles <= base.cycles)
    var last = base.cycles
    for _ in 0..<12 {
      draw.profile.memory.bytesPerSecond? *= 2
      let faster = try draw.estimate()
      #expect(faster.stallCycles >= 0)
      #expect(faster.cycles <= last)
      last = faster.cycles
    }
    draw.profile.memory.bytesPerSecond = nil
    let free = try draw.estimate()
    #expect(free.stallCycles == 0)
    #expect(free.cycles <= last)

    draw = try Draw(seed: seed)
    last = base.cycles
    for part in [\ScratchMemory.weightKibibytes, \.inputKibibytes, \.outputKibibytes] {
      for _ in 0..<4 {
        draw.profile.scratch?[keyPath: part] += 1
        draw.profile.scratch?[keyPath: part] *= 2
        let larger = try draw.estimate()
        #expect(larger.cycles <= last)
        #expect(larger.stallCycles >= 0)
        last = larger.cycles
      }
    }
  }

  @Test(arguments: UInt64(0)..<400)
  func `a denser pattern never takes fewer cycles, stalls included`(seed: UInt64) throws {
    let draw = try Draw(seed: seed)
    #expect(draw.profile.isMonotoneInSparsity)
    let size = draw.pattern.groupSize
    var last: Int64 = 0
    var lastBits: Int64 = 0
    for kept in 1...size {
      let pattern = try #require(NMPattern(kept: kept, groupSize: size))
      let estimate = try draw.estimate(pattern: pattern)
      #expect(estimate.cycles >= last, "\(pattern)")
      #expect(estimate.weightBits >= lastBits)
      last = estimate.cycles
      lastBits = estimate.weightBits
    }
  }

  @Test(arguments: UInt64(0)..<300)
  func `more tokens never take fewer cycles`(seed: UInt64) throws {
    let draw = try Draw(seed: seed)
    var last: Int64 = 0
    for batch in 1...12 {
      let cycles = try draw.estimate(m: draw.m * batch).cycles
      #expect(cycles >= last)
      last = cycles
    }
  }

  @Test(arguments: UInt64(0)..<200)
  func `rooflines grow with tokens and shrink with bandwidth`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var profile = [AcceleratorProfile.a100, .h100, .h200, .mi300x][generator.index(below: 4)]
    let pattern = try #require(NMPattern(generator.index(below: 2) == 0 ? "2:4" : "4:4"))
    let (k, n) = (1 + generator.index(below: 5000), 1 + generator.index(below: 5000))
    var last: Int64 = 0
    for shift in 0..<12 {
      let estimate = try gemmCost(m: 1 << shift, k: k, n: n, pattern: pattern, profile: profile)
      #expect(estimate.cycles >= last)
      #expect(estimate.stallCycles >= 0)
      last = estimate.cycles
    }
    for _ in 0..<6 {
      profile.memory.bytesPerSecond? *= 2
      let faster = try gemmCost(m: 1 << 11, k: k, n: n, pattern: pattern, profile: profile).cycles
      #expect(faster <= last)
      last = faster
    }
  }

  @Test(arguments: UInt64(0)..<200)
  func `energy is at least that of static power and memory`(seed: UInt64) throws {
    var draw = try Draw(seed: seed)
    var generator = SeededGenerator(seed: seed, stream: 1)
    guard case .perAction(var energies)? = draw.profile.energy else { return }
    energies.staticMicrowatts = generator.index(below: 10_000_000)
    energies.externalBit = generator.index(below: 20_000_000)
    draw.profile.energy = .perAction(energies)
    let estimate = try draw.estimate()
    let energy = Double(try #require(estimate.energyPicojoules))
    let bits =
      estimate.traffic.weightBits + estimate.traffic.inputBits
      + estimate.traffic.outputBits
    let seconds = draw.profile.seconds(ofCycles: estimate.cycles)
    let floor =
      Double(energies.staticMicrowatts) * 1e6 * seconds
      + Double(bits) * Double(energies.externalBit) / 1e6
    #expect(energy >= floor * (1 - 1e-12))
    #expect(estimate.energyPicojoules == (try draw.estimate().energyPicojoules))
  }

  @Test(arguments: AcceleratorProfile.all, [1, 5])
  func `steps add up to the whole model on every built-in profile`(
    profile: AcceleratorProfile, batch: Int
  ) throws {
    let swin = try NetworkFamilies.network(named: "swin_tiny_patch4_window7_224")
    let deit = try CostModelTests.deit(width: 192, heads: 3, depth: 3)
    for network in [swin.architecture.network, deit.network] {
      let patterns = try ["1:4", "2:4", "4:4"].map { try #require(NMPattern($0)) }
      let space = SearchSpace(layers: network.prunableLayers, patterns: patterns)
      let model = try CostModel(network: network, space: space, profile: profile, batch: batch)
      var generator = SeededGenerator(seed: 7)
      let genome = Genome(genes: space.choiceCounts.map { UInt8(generator.index(below: $0)) })
      let cost = model.cost(of: genome)
      let layers = model.layerCosts(of: genome)
      #expect(layers.reduce(0) { $0 + $1.cycles } == cost.latencyCycles)
      #expect(layers.reduce(0) { $0 + $1.macs } == cost.macs)
      #expect(layers.reduce(0) { $0 + ($1.energyPicojoules ?? 0) } == cost.energyPicojoules)
      let other = Int64(model.workload.otherParameters * profile.precision.weightBits)
      #expect(layers.reduce(0) { $0 + $1.weightBits } + other == cost.weightBits)
      let bounds = model.costs.bounds
      #expect(bounds.least.latencyCycles <= cost.latencyCycles)
      #expect(bounds.greatest.latencyCycles >= cost.latencyCycles)
      #expect(bounds.least.weightBits <= cost.weightBits)
    }
  }
}
