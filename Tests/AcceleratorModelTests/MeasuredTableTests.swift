import AcceleratorModel
import SparsityCore
import Testing

struct MeasuredTableTests {
  /// A card of 100 and 200 tera-operations a second whose clock counts picoseconds.
  private static func profile(_ measurements: [Measurement]) throws -> AcceleratorProfile {
    let pattern = try #require(NMPattern("2:4"))
    let roofline = try Roofline(
      rates: [
        LevelRate(
          pattern: pattern, operationsPerSecond: 200_000_000_000_000,
          efficiencyMillionths: 1_000_000, launchNanoseconds: 0),
        LevelRate(
          pattern: .dense, operationsPerSecond: 100_000_000_000_000,
          efficiencyMillionths: 1_000_000, launchNanoseconds: 0),
      ], waves: nil)
    var profile = AcceleratorProfile.a100
    profile.clockHertz = 1_000_000_000_000
    profile.memory = ExternalMemory(bytesPerSecond: nil)
    profile.engine = .table(try MeasuredTable(measurements: measurements, roofline: roofline))
    profile.levels = roofline.levels
    return profile
  }

  private static func measured(
    _ m: Int, _ text: String, _ microseconds: Int, k: Int = 1000, n: Int = 1000, spread: Int = 0
  ) throws -> Measurement {
    Measurement(
      product: MatrixProduct(tokens: m, inputs: k, outputs: n),
      pattern: try #require(NMPattern(text)), picoseconds: microseconds * 1_000_000,
      lowPicoseconds: (microseconds - spread) * 1_000_000,
      highPicoseconds: (microseconds + spread) * 1_000_000)
  }

  private static func estimate(
    _ m: Int, _ text: String, on profile: AcceleratorProfile, k: Int = 1000, n: Int = 1000
  ) throws -> ProductEstimate {
    try gemmCost(m: m, k: k, n: n, pattern: try #require(NMPattern(text)), profile: profile)
  }

  /// Whether two counts differ by less than a thousandth.
  private static func isClose(_ count: Int64, to other: Int64) -> Bool {
    abs(count - other) <= other / 1000
  }

  @Test func `a measured product takes what was measured, with its spread`() throws {
    let profile = try Self.profile([
      Self.measured(100, "4:4", 8, spread: 1), Self.measured(100, "2:4", 6),
    ])
    let estimate = try Self.estimate(100, "4:4", on: profile)
    #expect(estimate.cycles == 8_000_000)
    #expect(estimate.cycleRange == 7_000_000...9_000_000)
    #expect(estimate.evidence == .measured)
  }

  @Test func `between two measurements the efficiency is linear in the logarithm`() throws {
    // The roofline takes 2 µs for 100 tokens and 32 µs for 1,600: efficiencies 0.25 and 0.5.
    let profile = try Self.profile([
      Self.measured(100, "4:4", 8), Self.measured(1600, "4:4", 64), Self.measured(100, "2:4", 6),
    ])
    let middle = try Self.estimate(400, "4:4", on: profile)
    #expect(Self.isClose(middle.cycles, to: 21_333_333))
    #expect(middle.evidence == .interpolated)
    let quarter = try Self.estimate(200, "4:4", on: profile)
    #expect(Self.isClose(quarter.cycles, to: 12_800_000))
  }

  @Test func `beyond the measurements the efficiency stays and is marked`() throws {
    let profile = try Self.profile([
      Self.measured(100, "4:4", 8), Self.measured(1600, "4:4", 64), Self.measured(100, "2:4", 6),
    ])
    for (m, cycles) in [(50, Int64(4_000_000)), (3200, 128_000_000)] {
      let estimate = try Self.estimate(m, "4:4", on: profile)
      #expect(Self.isClose(estimate.cycles, to: cycles))
      #expect(estimate.evidence == .extrapolated)
    }
    let elsewhere = try Self.estimate(100, "4:4", on: profile, k: 4000)
    #expect(elsewhere.evidence == .extrapolated)
  }

  @Test func `other sizes take the efficiency of their neighbours`() throws {
    let sizes = [(500, 500), (2000, 500), (500, 2000), (2000, 2000)]
    let profile = try Self.profile(
      sizes.flatMap { k, n in
        // Each reaches half of the roofline.
        let microseconds = 2 * 2 * 1000 * k * n / 100_000_000
        return try [
          Self.measured(1000, "4:4", microseconds, k: k, n: n),
          Self.measured(1000, "2:4", microseconds, k: k, n: n),
        ]
      })
    let estimate = try Self.estimate(1000, "4:4", on: profile)
    #expect(estimate.evidence == .interpolated)
    #expect(Self.isClose(estimate.cycles, to: 40_000_000))
    #expect(try Self.estimate(1000, "2:4", on: profile).cycles == estimate.cycles)
  }

  @Test func `sparse may be slower, but never faster than its share of dense`() throws {
    let slow = try Self.profile([
      Self.measured(100, "4:4", 8), Self.measured(1600, "4:4", 64), Self.measured(100, "2:4", 40),
    ])
    let sparse = try Self.estimate(200, "2:4", on: slow).cycles
    #expect(sparse > (try Self.estimate(200, "4:4", on: slow).cycles))
    let fast = try Self.profile([
      Self.measured(100, "4:4", 8), Self.measured(1600, "4:4", 64), Self.measured(100, "2:4", 1),
    ])
    let dense = try Self.estimate(200, "4:4", on: fast).cycles
    let bounded = try Self.estimate(200, "2:4", on: fast).cycles
    #expect(Self.isClose(2 * bounded, to: dense))
  }

  @Test func `a pattern that was not measured runs as the next denser one`() throws {
    let profile = try Self.profile([
      Self.measured(100, "4:4", 8), Self.measured(100, "2:4", 6),
    ])
    let estimate = try Self.estimate(100, "1:4", on: profile)
    #expect(estimate.executedPattern.description == "2:4")
    #expect(estimate.cycles == 6_000_000)
    #expect(throws: AcceleratorError.noMeasurement(of: .dense)) {
      try Self.profile([Self.measured(100, "2:4", 6)])
    }
  }
}
