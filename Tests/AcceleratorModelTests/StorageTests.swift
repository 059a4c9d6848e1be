import AcceleratorModel
import SparsityCore
import Testing

struct StorageTests {
  private static func pattern(_ text: String) throws -> NMPattern {
    try #require(NMPattern(text))
  }

  @Test(arguments: [
    ("1:4", 8, 0.3125), ("2:4", 8, 0.625), ("4:8", 8, 0.6875), ("2:8", 8, 0.34375),
    ("1:8", 8, 0.171875), ("1:4", 16, 0.28125), ("2:4", 16, 0.5625), ("4:8", 16, 0.59375),
    ("2:8", 16, 0.296875), ("1:8", 16, 0.1484375), ("3:4", 8, 0.9375),
  ])
  func `weights with indices take the published share of the dense bits`(
    text: String, bits: Int, share: Double
  ) throws {
    let storage = try Self.pattern(text).storage(
      inputs: 384, outputs: 100, weightBits: bits, formats: [.index])
    #expect(Double(storage.bits) == share * Double(384 * 100 * bits))
  }

  private static let choices: [(String, [MetadataFormat], MetadataFormat, Int64)] = [
    // 3:4: two bits each, or four a group, or two for one of four masks.
    ("3:4", [.index, .bitmap], .bitmap, 28),
    ("3:4", [.index, .bitmap, .combinatorial], .combinatorial, 26),
    ("1:4", [.index, .bitmap], .index, 10),
    ("2:4", [.index, .combinatorial], .combinatorial, 19),
    ("2:4", [.index, .bitmap], .index, 20),
  ]

  @Test(arguments: choices)
  func `the cheapest format that is allowed is taken`(
    text: String, formats: [MetadataFormat], format: MetadataFormat, bitsOfGroup: Int64
  ) throws {
    let storage = try Self.pattern(text).storage(
      inputs: 8, outputs: 1, weightBits: 8, formats: formats)
    #expect(storage.format == format)
    #expect(storage.bits == 2 * bitsOfGroup)
  }

  @Test func `a matrix is stored densely where places cost more than zeros`() throws {
    let storage = try Self.pattern("3:4").storage(
      inputs: 8, outputs: 1, weightBits: 4, formats: [.index, .dense])
    #expect(storage.format == .dense)
    #expect(storage.bits == 32)
    #expect(storage.metadataBits == 0)
  }

  @Test func `a last, partial group is counted as far as it goes`() throws {
    // Six inputs at 2:4 keep four; bitmap has a bit an input; 3 bits a mask of four inputs.
    for (format, metadata) in [
      (MetadataFormat.index, Int64(8)), (.bitmap, 6), (.combinatorial, 5),
    ] {
      let storage = try Self.pattern("2:4").storage(
        inputs: 6, outputs: 1, weightBits: 8, formats: [format])
      #expect(storage.valueBits == 32)
      #expect(storage.metadataBits == metadata)
    }
  }

  @Test(arguments: [
    ("2:4", "1:4", true), ("1:4", "2:4", false), ("4:8", "2:4", true), ("2:4", "4:8", false),
    ("2:4", "2:8", true), ("2:8", "1:4", true), ("1:8", "1:4", false), ("3:4", "2:4", true),
    ("4:4", "7:8", true), ("4:8", "3:8", true), ("8:16", "2:4", true), ("2:4", "1:8", true),
  ])
  func `a pattern holds what another keeps in every position`(
    holder: String, held: String, isHeld: Bool
  ) throws {
    let (holder, held) = (try Self.pattern(holder), try Self.pattern(held))
    #expect(holder.represents(held) == isHeld)
    // By trial: every mask of the held pattern keeps at most N of each group of the holder.
    let size = max(holder.groupSize, held.groupSize)
    let masks = (0..<(1 << size)).filter { Self.fits($0, held, size: size) }
    #expect(masks.allSatisfy { Self.fits($0, holder, size: size) } == isHeld)
  }

  private static func fits(_ mask: Int, _ pattern: NMPattern, size: Int) -> Bool {
    stride(from: 0, to: size, by: pattern.groupSize).allSatisfy { start in
      let group = mask >> start & (1 << pattern.groupSize - 1)
      return group.nonzeroBitCount <= pattern.kept
    }
  }

  @Test(arguments: [
    ("vegeta", "1:4", "1:4"), ("vegeta", "3:4", "4:4"), ("vegeta", "2:8", "2:4"),
    ("vegeta", "1:8", "1:4"), ("a100", "1:4", "2:4"), ("a100", "3:4", "4:4"),
    ("edge-tpu", "1:16", "4:4"), ("s2ta", "1:4", "2:8"), ("s2ta", "2:4", "4:8"),
    ("systolic32", "5:16", "5:16"), ("mi300x", "2:4", "2:4"),
  ])
  func `a pattern runs as the sparsest level that holds it`(
    profile: String, asked: String, executed: String
  ) throws {
    let profile = try AcceleratorProfile.named(profile)
    #expect(try profile.executedPattern(for: Self.pattern(asked)).description == executed)
  }

  @Test func `a profile without fallback refuses what it does not run`() throws {
    var profile = AcceleratorProfile.vegeta
    profile.fallback = .error
    let pattern = try Self.pattern("3:4")
    #expect(throws: AcceleratorError.unsupportedPattern(pattern, profile: "vegeta")) {
      try gemmCost(m: 8, k: 64, n: 64, pattern: pattern, profile: profile)
    }
    #expect(try gemmCost(m: 8, k: 64, n: 64, pattern: .dense, profile: profile).cycles > 0)
  }

  @Test func `a pattern that falls back costs its level, stores it or what was asked`() throws {
    let (asked, level) = (try Self.pattern("1:4"), try Self.pattern("2:4"))
    var profile = AcceleratorProfile.a100
    let one = try gemmCost(m: 512, k: 1024, n: 1024, pattern: asked, profile: profile)
    let two = try gemmCost(m: 512, k: 1024, n: 1024, pattern: level, profile: profile)
    #expect(one.cycles == two.cycles)
    #expect(one.weightBits == two.weightBits)
    #expect(2 * one.macs == two.macs)
    profile.storesRequestedLevel = true
    let stored = try gemmCost(m: 512, k: 1024, n: 1024, pattern: asked, profile: profile)
    #expect(2 * stored.weightBits == two.weightBits)
  }

  @Test func `a slower sparse layer runs densely only where the profile says so`() throws {
    let pattern = try Self.pattern("2:4")
    var profile = AcceleratorProfile.a100
    let dense = try gemmCost(m: 1, k: 4096, n: 4096, pattern: .dense, profile: profile)
    let slow = try gemmCost(m: 1, k: 4096, n: 4096, pattern: pattern, profile: profile)
    #expect(slow.cycles > dense.cycles)
    #expect(slow.executedPattern == pattern)
    profile.runsDenseWhenFaster = true
    let chosen = try gemmCost(m: 1, k: 4096, n: 4096, pattern: pattern, profile: profile)
    #expect(chosen.cycles == dense.cycles)
    #expect(chosen.executedPattern.isDense)
    #expect(chosen.weightBits == dense.weightBits)
    let large = try gemmCost(m: 4096, k: 4096, n: 4096, pattern: pattern, profile: profile)
    #expect(large.executedPattern == pattern)
  }
}
