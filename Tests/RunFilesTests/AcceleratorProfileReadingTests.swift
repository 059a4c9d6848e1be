import AcceleratorModel
import RunFiles
import SparsityCore
import Testing

struct AcceleratorProfileReadingTests {
  private static let text = """
    version: 1
    name: mine
    engine: systolic
    clockHz: 1e9
    array: {rows: 16, columns: 8, dataflow: best}
    precision: {weightBits: 8, actBits: 8, accBits: 32, outBits: 8}
    levels: [{n: 2, m: 4}, {n: 1, m: 4}]
    sram: {weightsKiB: 64, ifmapKiB: 32, ofmapKiB: 16}
    dram: {bytesPerSecond: 25.6e9, efficiency: 0.72}
    """

  private static func read(_ text: String) throws(RunFileError) -> AcceleratorProfile {
    try AcceleratorProfile(yaml: text, file: "mine.yaml")
  }

  @Test func `a profile is read with the documented defaults`() throws {
    let profile = try Self.read(Self.text)
    #expect(profile.name == "mine")
    #expect(profile.engine == .systolic(try SystolicArray(rows: 16, columns: 8, dataflow: .best)))
    #expect(profile.memory.bytesPerSecond == 25_600_000_000)
    #expect(profile.memory.efficiencyMillionths == 720_000)
    #expect(profile.scratch?.isDoubleBuffered == true)
    #expect(profile.formats == [.index])
    #expect(profile.fallback == .nextDenser)
    #expect(profile.vector == nil)
    #expect(profile.energy == nil)
  }

  @Test(arguments: AcceleratorProfile.all)
  func `a built-in profile that is written and read again is the same`(
    profile: AcceleratorProfile
  ) throws {
    #expect(try Self.read(profile.yaml) == profile)
    #expect(try Self.read(profile.json) == profile)
    var bare = profile
    bare.summary = ""
    bare.sources = [:]
    #expect(try Self.read(profile.contentText) == bare)
  }

  @Test func `measurements and odd names survive writing and reading`() throws {
    let pattern = try #require(NMPattern("2:4"))
    let roofline = try Roofline(
      rates: [
        LevelRate(
          pattern: .dense, operationsPerSecond: 10_000, efficiencyMillionths: 1,
          launchNanoseconds: 3),
        LevelRate(
          pattern: pattern, operationsPerSecond: 20_000, efficiencyMillionths: 1_500_000,
          launchNanoseconds: 0),
      ], waves: Roofline.Waves(units: 3, tokens: 128, outputs: 64))
    let products = [64, 128].map { MatrixProduct(tokens: $0, inputs: 32, outputs: 48) }
    var profile = AcceleratorProfile.a100
    profile.name = "my \"own\" \\ card: é"
    profile.summary = "two\tlines\nof text"
    profile.engine = .table(
      try MeasuredTable(
        measurements: products.flatMap { product in
          [
            Measurement(product: product, pattern: .dense, picoseconds: 1_234_567),
            Measurement(
              product: product, pattern: pattern, picoseconds: 1_000_000,
              lowPicoseconds: 900_000, highPicoseconds: 1_100_001),
          ]
        }, roofline: roofline))
    profile.levels = roofline.levels
    profile.sources = ["waves.units": "a: b # c"]
    #expect(try Self.read(profile.yaml) == profile)
    #expect(try Self.read(profile.json) == profile)
  }

  /// Each line in place of that of the same key (or added), and what is said.
  @Test(arguments: [
    ("clockHz: -1", "mine.yaml:4:10: clockHz is -1; it must lie in 1…"),
    ("clockHz: .nan", "mine.yaml:4:10: clockHz is \".nan\"; write a whole number"),
    ("clockHz: NaN", "4:10: clockHz is \"NaN\"; write a whole number"),
    ("clockHz: 1e-9", "4:10: clockHz is \"1e-9\"; write a whole number"),
    ("clockHz: 1e999", "4:10: clockHz is \"1e999\""),
    ("clockGHz: 1", "mine.yaml:10:1: unknown key \"clockGHz\"; known keys: version, name"),
    ("levels: [{n: 5, m: 4}]", "7:10: the level 5:4 keeps more weights than a group has"),
    ("levels: [{n: 2, m: 32}]", "7:20: levels.m is 32; it must lie in 1…16"),
    ("levels: [{n: 2, m: 4}, {n: 2, m: 4}]", "7:24: 2:4 is given twice"),
    ("levels: some", "7:9: levels is \"some\"; write any, or a list"),
    ("levels: [{n: 2, m: 4, efficiency: 1}]", "unknown key \"efficiency\" in levels"),
    ("dram: {efficiency: 0.5}", "9:7: the key \"dram.bytesPerSecond\" is missing"),
    ("dram: {bytesPerSecond: .inf}", "9:24: dram.bytesPerSecond is \".inf\""),
    ("dram: {bytesPerSecond: 1, efficiency: 1.5}", "dram.efficiency is 1.5; it must lie in"),
    ("dram: {bytesPerSecond: 1, efficiency: 0.1234567}", "write a number with at most six"),
    ("engine: cgra", "3:9: engine is \"cgra\"; known are systolic, tile, roofline, lut"),
    ("array: {rows: 16, columns: 8, dataflow: xs}", "array.dataflow is \"xs\"; known are ws"),
    ("array: {rows: 0, columns: 8, dataflow: ws}", "5:15: array.rows is 0; it must lie in"),
    (
      "array: {rows: 4, columns: 8, dataflow: os, shadowed: true}",
      "an array that is shadowed must be weight-stationary"
    ),
    ("array: {rows: 4, dataflow: os}", "the key \"array.columns\" is missing"),
    ("tile: {tokens: 4}", "10:7: tile belongs to the engine tile; this profile's is systolic"),
    ("precision: {weightBits: 8, actBits: 8, accBits: 0, outBits: 8}", "precision.accBits is 0"),
    ("sram: {weightsKiB: 1, ifmapKiB: 1}", "the key \"sram.ofmapKiB\" is missing"),
    (
      "vector: {lanes: 8, overlap: 2}",
      "mine.yaml:10:29: vector.overlap is 2; it must lie in 0.0…1.0"
    ),
    ("vector: {lanes: 8, opsPerElement: {relu: 1}}", "unknown key \"relu\""),
    ("energy: {macPJ: 1}", "the key \"energy.muxPJ\" is missing"),
    ("energy: {idleW: 3, peakW: 2}", "mine.yaml:10:9: energy.idleW exceeds energy.peakW"),
    ("energy: {idleW: 3, peakW: 4, macPJ: 1}", "not both"),
    ("storage: [index, zip]", "storage is \"zip\"; known are index, bitmap"),
    ("storage: [index, index]", "index is given twice"),
    ("fallback: denser", "fallback is \"denser\"; known are nextDenser, error"),
    ("version: 2", "1:10: version is \"2\"; this program reads version 1"),
    ("sources: {sram.size: me}", "sources names \"sram.size\", which is no parameter"),
    ("name: {a: b}", "name must be one value"),
    ("clockHz: [1", "not valid YAML"),
  ])
  func `a mistake is refused with its place and the remedy`(line: String, message: String) {
    let key = line.prefix { $0 != ":" }
    var lines = Self.text.split(separator: "\n").map(String.init)
    if let place = lines.firstIndex(where: { $0.hasPrefix("\(key):") }) {
      lines[place] = line
    } else {
      lines.append(line)
    }
    let error = #expect(throws: RunFileError.self) {
      try Self.read(lines.joined(separator: "\n"))
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [
    "version", "name", "engine", "clockHz", "array", "precision", "levels", "sram", "dram",
  ])
  func `what a profile must have is asked for by name`(key: String) {
    let lines = Self.text.split(separator: "\n").filter { !$0.hasPrefix("\(key):") }
    let error = #expect(throws: RunFileError.self) {
      try Self.read(lines.joined(separator: "\n"))
    }
    #expect(error?.description.contains("the key \"\(key)\" is missing") == true)
    #expect(error?.line == 1)
  }

  @Test(arguments: [
    ("sram: {weightsKiB: 1, ifmapKiB: 1, ofmapKiB: 1}", "sram has no use with the engine roofline"),
    ("energy: {macPJ: 1, muxPJ: 1}", "the engine roofline counts no actions"),
    ("waves: {units: 4}", "the key \"waves.tokens\" is missing"),
    ("levels: [{n: 2, m: 4, peakOpsPerSecond: 1, efficiency: 1}]", "no rate for dense products"),
    ("levels: [{n: 4, m: 4, efficiency: 1}]", "the key \"levels.peakOpsPerSecond\" is missing"),
    ("measurements: []", "measurements belongs to the engine lut"),
  ])
  func `a roofline is refused what only arrays have, and the other way round`(
    line: String, message: String
  ) {
    let text = """
      version: 1
      name: r
      engine: roofline
      clockHz: 1e9
      precision: {weightBits: 16, actBits: 16, accBits: 32, outBits: 16}
      levels: [{n: 4, m: 4, peakOpsPerSecond: 3.12e14, efficiency: 0.7}]
      dram: {bytesPerSecond: 2e12}
      """
    #expect(throws: Never.self) { try Self.read(text) }
    let key = line.prefix { $0 != ":" }
    let lines = text.split(separator: "\n").filter { !$0.hasPrefix("\(key):") }
    let error = #expect(throws: RunFileError.self) {
      try Self.read(lines.joined(separator: "\n") + "\n" + line)
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func `measurements are taken from a table beside the profile`() throws {
    let text = """
      version: 1
      name: card
      engine: lut
      clockHz: 1e9
      precision: {weightBits: 16, actBits: 16, accBits: 32, outBits: 16}
      levels:
      - {n: 4, m: 4, peakOpsPerSecond: 1e14, efficiency: 1}
      - {n: 2, m: 4, peakOpsPerSecond: 2e14, efficiency: 1}
      dram: {bytesPerSecond: 1e12}
      measurements: {file: t.csv, device: card}
      """
    let header = "device,dtype,op,M,K,N,level,batch,latency_us,p10_us,p90_us,power_w\n"
    let rows = [
      "card,fp16,gemm,64,128,256,dense,1,5.25,5,6.5,80", "card,fp16,gemm,64,128,256,2:4,1,4,,,80",
      "other,fp16,gemm,64,128,256,2:4,1,7,,,80",
    ]
    func read(_ rows: [String]) throws(RunFileError) -> AcceleratorProfile {
      try AcceleratorProfile(yaml: text, file: "card.yaml") { path in
        #expect(path == "t.csv")
        return header + rows.joined(separator: "\n") + "\n"
      }
    }
    let profile = try read(rows)
    guard case .table(let table) = profile.engine else { return }
    #expect(table.measurements.map(\.picoseconds).sorted() == [4_000_000, 5_250_000])
    #expect(table.measurements.map(\.highPicoseconds).max() == 6_500_000)
    #expect(try Self.read(profile.yaml) == profile)

    func refusal(_ rows: [String]) -> String {
      let error = #expect(throws: RunFileError.self) { try read(rows) }
      return error?.description ?? ""
    }
    #expect(refusal([rows[0]]).contains("no measurement has the pattern 2:4"))
    #expect(refusal([rows[0], rows[1], rows[1]]).contains("t.csv:4: 64×128×256 at 2:4"))
    #expect(
      refusal(["card,fp16,gemm,64,128,256,dense,1,-5,5,6,80"]).contains("t.csv:2: latency_us"))
    #expect(refusal(["card,fp16"]).contains("t.csv:2: 2 values for 12 columns"))
    #expect(refusal([rows[2]]).contains("no row of t.csv has this device"))
    let alone = #expect(throws: RunFileError.self) { try Self.read(text) }
    #expect(alone?.description.contains("must hold its measurements itself") == true)
  }
}
