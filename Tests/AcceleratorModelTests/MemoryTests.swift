import AcceleratorModel
import SparsityCore
import Testing

struct MemoryTests {
  /// An array of 4×4 that reads one byte a cycle and holds everything.
  private static func profile(
    dataflow: ArrayDataflow = .weightStationary, kibibytes: Int = 64, doubleBuffered: Bool = true
  ) throws -> AcceleratorProfile {
    var profile = try AcceleratorProfile.systolic32.overriding(
      rows: 4, columns: 4, dataflow: dataflow)
    profile.memory = ExternalMemory(bytesPerSecond: 1_000_000_000)
    profile.scratch = ScratchMemory(
      weightKibibytes: kibibytes, inputKibibytes: kibibytes, outputKibibytes: kibibytes,
      isDoubleBuffered: doubleBuffered)
    return profile
  }

  @Test func `a product that waits for memory takes its bytes and the last fold`() throws {
    // 10×8 by 8×8: 80 + 64 + 80 bytes at one a cycle; 2·2 folds of 10 + 8 + 4 − 2 = 20 cycles.
    let estimate = try gemmCost(m: 10, k: 8, n: 8, pattern: .dense, profile: Self.profile())
    #expect(estimate.cycles == 224 + 20)
    #expect(estimate.stallCycles == 244 - 80)
    #expect(estimate.bound == .ifmap)
    var single = try Self.profile(doubleBuffered: false)
    #expect(
      try gemmCost(m: 10, k: 8, n: 8, pattern: .dense, profile: single).cycles == 224 + 80)
    // Ten bytes a cycle: 23 cycles, a quarter of which come before the first fold.
    single.scratch?.isDoubleBuffered = true
    single.memory.bytesPerSecond = 10_000_000_000
    let fast = try gemmCost(m: 10, k: 8, n: 8, pattern: .dense, profile: single)
    #expect(fast.cycles == 80 + 6)
    #expect(fast.bound == .compute)
  }

  @Test func `operands that do not fit are read again for what is missing`() throws {
    // Half of 1 KiB is usable: inputs of 1,024 bytes are swept twice, half of them again.
    let profile = try Self.profile(kibibytes: 1)
    let estimate = try gemmCost(m: 128, k: 8, n: 8, pattern: .dense, profile: profile)
    #expect(estimate.traffic.inputBits == 8 * (1024 + 512))
    #expect(estimate.traffic.weightBits == 8 * 64)
    // 128×4 sums of four bytes do not fit either: they leave and return once for two row folds.
    #expect(estimate.traffic.outputBits == 8 * 1024 + 2 * 1024 * 32)
    let roomy = try gemmCost(
      m: 128, k: 8, n: 8, pattern: .dense, profile: Self.profile(kibibytes: 64))
    #expect(roomy.traffic.inputBits == 8 * 1024)
    #expect(roomy.traffic.outputBits == 8 * 1024)
  }

  @Test func `sparse weights bring less traffic and their places`() throws {
    let pattern = try #require(NMPattern("2:4"))
    let estimate = try gemmCost(m: 10, k: 8, n: 8, pattern: pattern, profile: Self.profile())
    #expect(estimate.traffic.weightBits == 32 * 8 + 32 * 2)
    #expect(estimate.traffic.inputBits == 80 * 8)
    #expect(estimate.accesses?.metadataBits == 64)
    #expect(estimate.accesses?.inputReads == 160)
  }

  @Test func `energy is the sum of every action by hand`() throws {
    var profile = try Self.profile()
    profile.energy = .perAction(
      ActionEnergies(
        mac: 1_000_000, mux: 500_000, gatedMac: 0, weightRead: 1_000, inputRead: 2_000,
        outputRead: 3_000, metadataRead: 4_000, outputWrite: 5_000, externalBit: 1_000_000,
        vectorOperation: 0, staticMicrowatts: 1_000_000))
    let pattern = try #require(NMPattern("2:4"))
    let estimate = try gemmCost(m: 10, k: 8, n: 8, pattern: pattern, profile: profile)
    let macs: Double = 320 * 1.5
    // One row fold, two column folds; outputs are written as sums of 32 bits.
    let sram: Double = [256 * 0.001, 1280 * 0.002, 2560 * 0.005, 64 * 0.004].reduce(0, +)
    let dram: Double = 320 + 640 + 640
    let dynamic = Int64((macs + sram + dram).rounded(.up))
    #expect(estimate.energyPicojoules == dynamic + estimate.cycles * 1_000)
  }

  @Test func `multiply-accumulates with stored zeros take the energy of gated ones`() throws {
    var profile = AcceleratorProfile.vegeta
    let (asked, level) = (try #require(NMPattern("1:8")), try #require(NMPattern("1:4")))
    let gated = try gemmCost(m: 64, k: 256, n: 64, pattern: asked, profile: profile)
    let whole = try gemmCost(m: 64, k: 256, n: 64, pattern: level, profile: profile)
    guard case .perAction(let energies)? = profile.energy else { return }
    let saved = Int64(64 * 32 * 64) * Int64(energies.mac + energies.mux - energies.gatedMac)
    let difference = try #require(whole.energyPicojoules) - #require(gated.energyPicojoules)
    #expect(abs(difference - saved / 1_000_000) <= 1)
    profile.energy = nil
    let silent = try gemmCost(m: 64, k: 256, n: 64, pattern: asked, profile: profile)
    #expect(silent.energyPicojoules == nil)
  }

  @Test func `the vector unit's time shrinks with its overlap, and the rest adds to it`() throws {
    let shape = try CostModelTests.deit(width: 192, heads: 3, depth: 1)
    var profile = AcceleratorProfile.systolic32
    let without = try CostModelTests.model(shape, profile: profile).denseCost.latencyCycles
    profile.vector = VectorUnit(
      lanes: 32, overlapMillionths: 0, operationsPerElement: [.bias: 0, .requantize: 0])
    let exposed = try CostModelTests.model(shape, profile: profile).denseCost.latencyCycles
    // Positions, two norms, softmax, GELU and two residuals of the block, and the last norm.
    let tokens = 197 * 192
    let elements = [tokens, 7 * tokens, 8 * 3 * 197 * 197, tokens, 7 * tokens, 8 * 4 * tokens]
    let cycles = (elements + [tokens, 7 * tokens]).reduce(0) { $0 + ($1 + 31) / 32 }
    #expect(exposed == without + Int64(cycles))
    profile.vector?.overlapMillionths = 1_000_000
    #expect(try CostModelTests.model(shape, profile: profile).denseCost.latencyCycles == without)
  }

  @Test func `vegeta gains what was published over dense`() throws {
    func cycles(_ text: String) throws -> Double {
      let pattern = try #require(NMPattern(text))
      return try [(384, 1152), (384, 384), (384, 1536), (1536, 384)].reduce(0) { sum, size in
        let estimate = try gemmCost(
          m: 197, k: size.0, n: size.1, pattern: pattern, profile: .vegeta)
        return sum + Double(estimate.cycles)
      }
    }
    // 2.20 and 3.74 over 1.09 times the best dense engine (arXiv 2302.08687).
    let dense = try cycles("4:4")
    #expect(abs(dense / (try cycles("2:4")) / (2.20 / 1.09) - 1) < 0.05)
    #expect(abs(dense / (try cycles("1:4")) / (3.74 / 1.09) - 1) < 0.05)
  }

  @Test func `the control gains nothing from any pattern`() throws {
    let shape = try CostModelTests.deit(width: 384, heads: 6)
    let model = try CostModelTests.model(shape, profile: .edgeTPU)
    for level in 0..<3 {
      let cost = model.cost(of: Genome(uniform: level, count: 48))
      #expect(cost.latencyCycles == model.denseCost.latencyCycles)
      #expect(cost.weightBytes == model.denseCost.weightBytes)
      #expect(cost.energyPicojoules == model.denseCost.energyPicojoules)
    }
  }
}
