import ContentHashing
import Pruning
import SparsityCore
import Testing

struct WeightBankTests {
  let layers: [PrunableLayer]
  let patterns: [NMPattern]
  let space: SearchSpace
  let weights: [String: [Float]]
  let modelHash = ContentHash(of: [UInt8(1)].span)

  init() throws {
    layers = [
      PrunableLayer(name: "first", inputs: 20, outputs: 3),
      PrunableLayer(name: "second", inputs: 8, outputs: 5),
    ]
    patterns = try ["1:4", "2:4", "5:8", "4:4"].map { try #require(NMPattern($0)) }
    space = SearchSpace(layers: layers, patterns: patterns)
    var generator = SeededGenerator(seed: 1)
    weights = Dictionary(
      uniqueKeysWithValues: layers.map { layer in
        (
          layer.name,
          (0..<layer.inputs * layer.outputs).map { _ in Float(generator.unitInterval() - 0.5) }
        )
      })
  }

  @Test func `the bank holds each layer pruned to each level and no dense copy`() throws {
    let bank = try WeightBank(
      space: space, model: layers, modelHash: modelHash,
      weights: { weights[$0.name] ?? [] })
    for (index, layer) in layers.enumerated() {
      let own = try #require(weights[layer.name])
      for (level, pattern) in patterns.enumerated() {
        let expected = magnitudePruned(
          weights: own.span, outputs: layer.outputs, inputs: layer.inputs, pattern: pattern)
        let found = bank.layers[index].levels[level]
        #expect((found == nil) == pattern.isDense)
        #expect(found?.decompressed() ?? own == expected)
        if let found { #expect(found.pattern == pattern) }
      }
    }
    let kept = layers.reduce(0) { sum, layer in
      sum
        + layer.outputs
        * patterns.filter { !$0.isDense }.reduce(0) {
          $0 + $1.keptCount(ofInputs: layer.inputs)
        }
    }
    #expect(bank.size == 5 * kept)
  }

  @Test func `a genome picks one level of each layer`() throws {
    let bank = try WeightBank(
      space: space, model: layers, modelHash: modelHash,
      weights: { weights[$0.name] ?? [] })
    let chosen = bank.weights(of: Genome(genes: [3, 0]))
    #expect(chosen.count == 2)
    #expect(chosen[0] == nil)
    #expect(chosen[1]?.decompressed() == bank.layers[1].levels[0]?.decompressed())
  }

  @Test func `each layer has its own patterns, and the dense one where nothing is decided`() throws
  {
    let some = SearchSpace(decisions: [
      Decision(name: "tokens", choices: [.pattern(.dense)]),
      Decision(name: "second", choices: [.pattern(patterns[0]), .pattern(patterns[2])]),
    ])
    let bank = try WeightBank(
      space: some, model: layers, modelHash: modelHash, weights: { weights[$0.name] ?? [] })
    #expect(bank.layers.map(\.patterns) == [[.dense], [patterns[0], patterns[2]]])
    let chosen = bank.weights(of: Genome(genes: [0, 1]))
    #expect(chosen[0] == nil)
    #expect(chosen[1]?.pattern == patterns[2])
    #expect(bank.levelChoice.levels(of: Genome(genes: [0, 1])) == [0, 1])
  }

  @Test func `layers built apart give the same bank`() throws {
    let reversed = try layers.reversed().map { layer in
      let own = try #require(weights[layer.name])
      return try BankedLayer(
        layer: layer, weights: own.span, patterns: patterns)
    }
    let gathered = WeightBank(
      space: space, layers: reversed.reversed(), modelHash: modelHash)
    let whole = try WeightBank(
      space: space, model: layers, modelHash: modelHash,
      weights: { weights[$0.name] ?? [] })
    for (own, other) in zip(gathered.layers, whole.layers) {
      for level in patterns.indices {
        #expect(own.levels[level]?.decompressed() == other.levels[level]?.decompressed())
      }
    }
    #expect(gathered.contentHash == whole.contentHash)
    #expect(gathered.size == whole.size)
  }

  @Test func `the content hash follows the model and not the patterns`() throws {
    let fewer = SearchSpace(layers: layers, patterns: [patterns[1]])
    let one = try WeightBank(
      space: space, model: layers, modelHash: modelHash,
      weights: { weights[$0.name] ?? [] })
    let other = try WeightBank(
      space: fewer, model: layers, modelHash: modelHash,
      weights: { weights[$0.name] ?? [] })
    #expect(one.contentHash == other.contentHash)
    #expect(
      one.contentHash
        == WeightBank.contentHash(modelHash: modelHash))
    let otherModel = ContentHash(of: [UInt8(2)].span)
    #expect(
      one.contentHash
        != WeightBank.contentHash(modelHash: otherModel))
    #expect(one.contentHash != modelHash)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `weights that are no finite numbers are refused with their place`(bad: Float) {
    let error = #expect(throws: PruningError.self) {
      try WeightBank(space: space, model: layers, modelHash: modelHash) { layer in
        var values = weights[layer.name] ?? []
        if layer.name == "second" { values[8 * 3 + 5] = bad }
        return values
      }
    }
    #expect(error == .notFinite(layer: "second", output: 3, input: 5))
    #expect(error?.description.contains("output 3 and input 5 of layer second") == true)
  }

  @Test func `weights of another count are refused`() {
    #expect(throws: PruningError.wrongCount(layer: "first", found: 1, outputs: 3, inputs: 20)) {
      try WeightBank(space: space, model: layers, modelHash: modelHash) { _ in [1] }
    }
  }
}
