import AcceleratorModel
import NetworkArchitectures
import RunFiles
import SparsityCore
import Testing

struct ScaleSimTests {
  private static let text = """
    [general]
    run_name = check

    [architecture_presets]
    ArrayHeight:    16
    ArrayWidth:     8
    IfmapSramSzkB:    64
    FilterSramSzkB:   32
    OfmapSramSzkB:    16
    IfmapOffset:    0
    FilterOffset:   10000000
    OfmapOffset:    20000000
    Dataflow : os
    Bandwidth : 12
    ReadRequestBuffer: 32
    WriteRequestBuffer: 32

    [layout]
    IfmapCustomLayout: False
    IfmapSRAMBankBandwidth: 10

    [sparsity]
    SparsitySupport : false
    SparseRep : ellpack_block
    OptimizedMapping : true
    BlockSize : 8
    RandomNumberGeneratorSeed : 40

    [run_presets]
    InterfaceBandwidth: USER
    UseRamulatorTrace: False
    """

  private static func read(_ text: String) throws(RunFileError) -> ScaleSimConfiguration {
    try ScaleSimConfiguration(text: text, file: "s.cfg")
  }

  @Test func `a configuration becomes a profile of its array and memory`() throws {
    let configuration = try Self.read(Self.text)
    let profile = configuration.profile()
    #expect(profile.name == "check")
    let array = try SystolicArray(rows: 16, columns: 8, dataflow: .outputStationary)
    #expect(profile.engine == .systolic(array))
    #expect(profile.memory.bytesPerSecond == 12_000_000_000)
    #expect(profile.scratch?.weightKibibytes == 32)
    #expect(try AcceleratorProfile(yaml: profile.yaml, file: "p.yaml") == profile)
  }

  @Test func `a configuration survives the way through a profile and back`() throws {
    for text in [Self.text, Self.text.replacing("USER", with: "calc")] {
      let configuration = try Self.read(text)
      #expect(try ScaleSimConfiguration(profile: configuration.profile()) == configuration)
      #expect(try Self.read(configuration.text) == configuration)
    }
    let systolic32 = try ScaleSimConfiguration(profile: .systolic32)
    #expect(systolic32.profile().engine == AcceleratorProfile.systolic32.engine)
    #expect(systolic32.wordsPerCycle == nil)
  }

  @Test(arguments: [
    ("ArrayHeight:    16", "ArrayHeight: many", "s.cfg:5: ArrayHeight is \"many\""),
    ("ArrayHeight:    16", "", "s.cfg: the key ArrayHeight is missing"),
    ("Dataflow : os", "Dataflow : xs", "s.cfg:13: Dataflow is \"xs\"; known are ws, is, os"),
    ("Bandwidth : 12", "Bandwith : 12", "s.cfg:14: unknown key Bandwith"),
    ("[layout]", "[lay]", "s.cfg:18: unknown section [lay]"),
    ("InterfaceBandwidth: USER", "InterfaceBandwidth: FREE", "known are CALC and USER"),
    ("SparsitySupport : false", "SparsitySupport : true", "rowWise must be weight-stationary"),
    ("ArrayWidth:     8", "ArrayWidth", "s.cfg:6: \"ArrayWidth\" is neither a section nor a key"),
  ])
  func `a mistake is refused with its line`(line: String, other: String, message: String) {
    let text = Self.text.replacing(line, with: other)
    let error = #expect(throws: RunFileError.self) { try Self.read(text) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [AcceleratorProfile.vegeta, .a100, .edgeTPU, .s2ta])
  func `a profile that the simulator cannot check is refused`(profile: AcceleratorProfile) {
    let error = #expect(throws: RunFileError.self) {
      try ScaleSimConfiguration(profile: profile)
    }
    #expect(error?.description.contains("SCALE-Sim cannot check this profile") == true)
  }

  @Test func `a topology is read, written and estimated as the simulator does`() throws {
    let text = """
      Layer,M,N,K,Sparsity,
      qkv, 197, 1152, 384, 2:4,
      h6,49,96,32,4:4,
      """
    let topology = try ScaleSimTopology(csv: text, file: "t.csv")
    let product = MatrixProduct(tokens: 197, inputs: 384, outputs: 1152)
    #expect(topology.layers[0].product == product)
    #expect(topology.layers.map(\.pattern.description) == ["2:4", "4:4"])
    #expect(try ScaleSimTopology(csv: topology.csv, file: "t.csv") == topology)
    // DeiT-S qkv at 2:4 on 32×32 ws: SCALE-Sim's Total Cycles is one less.
    let layer = topology.layers[0]
    let profile = try ScaleSimConfiguration(profile: .systolic32).profile()
    #expect(try profile.estimate(layer.product, pattern: layer.pattern).cycles == 62_856)
    let dense = try ScaleSimTopology(csv: "Layer name, M, N, K,\nx,1,2,3,\n", file: "t.csv")
    #expect(dense.layers[0].pattern.isDense)
  }

  @Test(arguments: [
    ("Layer,M,N,K,Sparsity,\nx,1,2,3,5:4,", "t.csv:2: Sparsity is \"5:4\""),
    ("Layer,M,N,K,\nx,1,0,3,", "t.csv:2: N is \"0\""),
    ("Layer,M,N,\nx,1,2,", "t.csv:2: the column K is missing"),
    ("Layer,M,N,K,\n", "no product"), ("", "the first line must name the columns"),
  ])
  func `a topology that cannot be is refused`(text: String, message: String) {
    let error = #expect(throws: RunFileError.self) {
      try ScaleSimTopology(csv: text, file: "t.csv")
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func `the products of a genome are listed as they run`() throws {
    let shape = try TransformerShape(
      imageSize: 8, patchSize: 2, channels: 1, width: 64, depth: 1, heads: 4, hiddenWidth: 256,
      classes: 10)
    let pattern = try #require(NMPattern("2:4"))
    let space = SearchSpace(layers: shape.network.prunableLayers, patterns: [pattern])
    let costs = try CostModel(network: shape.network, space: space, profile: .systolic16, batch: 2)
    let genome = Genome(uniform: 0, count: 4)
    let topology = ScaleSimTopology(costs: costs.layerCosts(of: genome))
    #expect(topology.layers.count == 8)
    #expect(topology.csv.contains("blocks.0.attn.qkv,34,192,64,2:4,\n"))
    #expect(topology.csv.contains("blocks.0.attn.scores,17,17,16,4:4,\n"))
  }
}
