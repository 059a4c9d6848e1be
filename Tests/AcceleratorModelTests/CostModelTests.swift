import AcceleratorModel
import NetworkArchitectures
import SparsityCore
import Testing

struct CostModelTests {
  static func deit(
    width: Int, heads: Int, depth: Int = 12, distilled: Bool = false
  ) throws -> TransformerShape {
    try TransformerShape(
      imageSize: 224, patchSize: 16, channels: 3, width: width, depth: depth, heads: heads,
      hiddenWidth: 4 * width, classes: 1000, isDistilled: distilled)
  }

  static func model(
    _ shape: TransformerShape, batch: Int = 1, patterns: [String] = ["1:4", "2:4", "4:4"],
    profile: AcceleratorProfile = .systolic32
  ) throws -> CostModel {
    let patterns = try patterns.map { try #require(NMPattern($0)) }
    return try CostModel(
      network: shape.network,
      space: SearchSpace(layers: shape.network.prunableLayers, patterns: patterns),
      profile: profile, batch: batch)
  }

  @Test(arguments: [(2, 6.74), (1, 3.72), (0, 2.22)])
  func `DeiT-S on 32 by 32 takes the published cycles end to end`(
    level: Int, megacycles: Double
  ) throws {
    let model = try Self.model(Self.deit(width: 384, heads: 6))
    let cost = model.cost(of: Genome(uniform: level, count: 48))
    #expect((Double(cost.latencyCycles) / 1e4).rounded() / 100 == megacycles)
  }

  @Test func `DeiT-S cycles are the sum by hand of every product`() throws {
    let model = try Self.model(Self.deit(width: 384, heads: 6))
    let linears: Int64 = 12 * (125_712 + 41_904 + 167_616 + 167_616)
    let attention: Int64 = 12 * 6 * 2 * (2 * 7) * (197 + 94)
    let embedding: Int64 = 24 * 12 * (196 + 94)
    let head: Int64 = 12 * 32 * (1 + 94)
    #expect(model.denseCost.latencyCycles == linears + attention + embedding + head)
    #expect(model.cost(of: Genome(uniform: 2, count: 48)) == model.denseCost)
  }

  @Test(arguments: [(1, 148.0), (8, 201.0), (32, 209.0)])
  func `throughput of dense DeiT-S grows with the batch as published`(
    batch: Int, imagesPerSecond: Double
  ) throws {
    let cost = try Self.model(Self.deit(width: 384, heads: 6), batch: batch).denseCost
    #expect(cost.throughputImagesPerSecond.rounded() == imagesPerSecond)
    #expect(cost.batch == batch)
    #expect(cost.latencySeconds == Double(cost.latencyCycles) / 1e9)
  }

  @Test(arguments: [
    (384, 6, 2, 4.60), (384, 6, 1, 2.51), (384, 6, 0, 1.46),
    (768, 12, 2, 17.57), (768, 12, 1, 9.20), (768, 12, 0, 5.02),
  ])
  func `uniform DeiT has the paper's multiply-accumulates`(
    width: Int, heads: Int, level: Int, billions: Double
  ) throws {
    let model = try Self.model(Self.deit(width: width, heads: heads), batch: 4)
    let cost = model.cost(of: Genome(uniform: level, count: 48))
    #expect((Double(cost.elsaMacs) / 1e7).rounded() / 100 == billions)
    #expect(cost.elsaDenseMacs == model.denseCost.elsaMacs)
  }

  @Test(arguments: [
    ("1111 1121 1112 2121 1112 1112 2221 1212 1121 2221 4221 4211", 6.88),
    ("2111 2111 1112 1111 2112 1121 1111 1112 1111 1121 4121 2211", 6.01),
  ])
  func `published DeiT-B subnets have the paper's multiply-accumulates`(
    digits: String, billions: Double
  ) throws {
    let model = try Self.model(Self.deit(width: 768, heads: 12))
    let assignment = try digits.split(separator: " ").flatMap { block in
      // The paper writes proj before qkv.
      let patterns = try block.map { try #require(NMPattern("\($0):4")) }
      return [patterns[1], patterns[0], patterns[2], patterns[3]]
    }
    let cost = model.cost(
      of: try #require(model.space.genome(choosing: assignment.map { .pattern($0) })))
    #expect((Double(cost.elsaMacs) / 1e7).rounded() / 100 == billions)
  }

  @Test func `the complete count of dense DeiT-S is that of every product by hand`() throws {
    let cost = try Self.model(Self.deit(width: 384, heads: 6), batch: 3).denseCost
    let block: Int64 = 197 * 12 * 384 * 384 + 2 * 197 * 197 * 384
    #expect(cost.macs == 196 * 768 * 384 + 12 * block + 384 * 1000)
    #expect(cost.denseMacs == cost.macs)
  }

  @Test func `a distilled model has one more token and one more head`() throws {
    let model = try Self.model(Self.deit(width: 192, heads: 3, distilled: true))
    let block: Int64 = 198 * 12 * 192 * 192 + 2 * 198 * 198 * 192
    #expect(model.denseCost.macs == 196 * 768 * 192 + 12 * block + 2 * 192 * 1000)
    let products = model.workload.operations.filter { $0.product != nil }
    #expect(products.suffix(2).map(\.name) == ["head", "head_dist"])
  }

  @Test func `kept weights are counted exactly where groups do not divide the inputs`() throws {
    let shape = try TransformerShape(
      imageSize: 4, patchSize: 4, channels: 1, width: 6, depth: 1, heads: 2, hiddenWidth: 10,
      classes: 3)
    let model = try Self.model(shape, patterns: ["3:4", "4:4"])
    // Six inputs keep 3 + 2, ten keep 6 + 2, on two tokens.
    let sparse = 2 * (5 * 18 + 5 * 6 + 5 * 10 + 8 * 6)
    let attention = 2 * 2 * 2 * 6
    let cost = model.cost(of: Genome(uniform: 0, count: 4))
    #expect(cost.macs == Int64(1 * 16 * 6 + sparse + attention + 6 * 3))
  }

  @Test(arguments: UInt64(0)..<30)
  func `the costs of the steps add up to the cost of the candidate`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let batch = 1 + generator.index(below: 9)
    let profile = try AcceleratorProfile.systolic32.overriding(
      rows: 1 + generator.index(below: 40), columns: 1 + generator.index(below: 40),
      dataflow: ArrayDataflow.allCases[generator.index(below: 4)])
    let model = try Self.model(
      Self.deit(width: 192, heads: 3), batch: batch, patterns: ["1:4", "2:4", "3:4", "4:4"],
      profile: profile)
    let genome = Genome(genes: (0..<48).map { _ in UInt8(generator.index(below: 4)) })
    let cost = model.cost(of: genome)
    let layers = model.layerCosts(of: genome)
    #expect(layers.reduce(0) { $0 + $1.cycles } == cost.latencyCycles)
    #expect(layers.reduce(0) { $0 + $1.macs } == cost.macs)
    #expect(layers.count == 1 + 12 * 6 + 1)
    let patterns = Dictionary(
      uniqueKeysWithValues: zip(
        model.layers.map(\.name), model.space.patterns(of: model.layers, in: genome)))
    for layer in layers {
      #expect(layer.isPrunable == (patterns[layer.name] != nil))
      #expect(layer.pattern == patterns[layer.name] ?? .dense)
      #expect(layer.executedPattern == layer.pattern)
      guard case .product(let product, let count, let right) = layer.work else { continue }
      let one = try profile.estimate(product, pattern: layer.pattern, right: right)
      #expect(layer.cycles == one.cycles * Int64(count))
    }
  }

  @Test func `layers that the space leaves out stay dense`() throws {
    let shape = try Self.deit(width: 192, heads: 3)
    let pattern = try #require(NMPattern("1:4"))
    let space = SearchSpace(
      layers: [shape.network.prunableLayers[6]], patterns: [pattern, .dense])
    let part = try CostModel(network: shape.network, space: space, profile: .systolic32, batch: 1)
    let whole = try Self.model(shape)
    var genes = [UInt8](repeating: 2, count: 48)
    genes[6] = 0
    #expect(part.cost(of: Genome(genes: [0])) == whole.cost(of: Genome(genes: genes)))
    #expect(part.denseCost == whole.denseCost)
  }

  @Test func `a space of another model is refused by the layer's name`() throws {
    let shape = try Self.deit(width: 192, heads: 3)
    func refuse(_ layers: [PrunableLayer]) -> AcceleratorError? {
      #expect(throws: AcceleratorError.self) {
        try CostModel(
          network: shape.network, space: SearchSpace(layers: layers, patterns: [.dense]),
          profile: .systolic32, batch: 1)
      }
    }
    let strange = PrunableLayer(name: "blocks.12.attn.qkv", inputs: 192, outputs: 576)
    #expect(refuse([strange]) == .unknownLayer(name: strange.name))
    // A layer that exists but that no genome may decide about.
    let head = PrunableLayer(name: "head", inputs: 192, outputs: 1000)
    #expect(refuse([head]) == .unknownLayer(name: "head"))
  }

  @Test func `costs beyond 64 bits are refused instead of wrapped`() throws {
    let shape = try TransformerShape(
      imageSize: 8192, patchSize: 1, channels: 3, width: 65536, depth: 1024, heads: 1,
      hiddenWidth: 262_144, classes: 10)
    #expect(throws: AcceleratorError.self) { try Self.model(shape, batch: 1_000_000) }
    let error = AcceleratorError.outOfRange(
      name: "the batch", value: 0, allowed: Workload.batchRange)
    #expect(throws: error) { try Self.model(shape, batch: 0) }
  }

  @Test func `every objective but the accuracy has a value where the profile models it`() throws {
    let shape = try Self.deit(width: 192, heads: 3)
    let cost = try Self.model(shape).denseCost
    #expect(cost.value(of: .macs) == Double(cost.macs))
    #expect(cost.value(of: .latency) == cost.latencySeconds)
    #expect(cost.value(of: .throughput) == cost.throughputImagesPerSecond)
    #expect(cost.value(of: .accuracy) == nil)
    #expect(cost.value(of: .energy) == cost.energyJoulesPerImage)
    #expect(cost.value(of: .weightBytes) == Double(cost.weightBytes))
    var silent = AcceleratorProfile.systolic32
    silent.energy = nil
    #expect(try Self.model(shape, profile: silent).denseCost.value(of: .energy) == nil)
  }
}
