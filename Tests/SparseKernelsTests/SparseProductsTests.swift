import SparseKernels
import SparsityCore
import Testing

/// A layer with random weights in a pattern, some groups with fewer nonzeros than it keeps.
struct RandomLayer {
  let weights: [Float]
  let compressed: CompressedWeights
  let bias: [Float]

  init(
    outputs: Int, inputs: Int, pattern: NMPattern, using generator: inout SeededGenerator
  ) throws {
    var weights = [Float](repeating: 0, count: outputs * inputs)
    for output in 0..<outputs {
      for groupStart in stride(from: 0, to: inputs, by: pattern.groupSize) {
        let width = min(pattern.groupSize, inputs - groupStart)
        var kept = min(pattern.kept, width)
        if generator.index(below: 8) == 0 { kept = generator.index(below: kept + 1) }
        for place in generator.permutation(of: width).prefix(kept) {
          weights[output * inputs + groupStart + place] = generator.weight()
        }
      }
    }
    self.weights = weights
    self.compressed = try CompressedWeights(
      pruned: weights.span, outputs: outputs, inputs: inputs, pattern: pattern)
    self.bias = (0..<outputs).map { _ in generator.weight() }
  }
}

extension SeededGenerator {
  /// A number in -1 ..< 1.
  mutating func weight() -> Float { Float(unitInterval() * 2 - 1) }
}

/// Every pattern that a layer may take: M in 4, 8, 16 and every N up to it.
let everyPattern: [NMPattern] = [4, 8, 16].flatMap { groupSize in
  (1...groupSize).compactMap { NMPattern(kept: $0, groupSize: groupSize) }
}

private func product(
  _ layer: RandomLayer, by x: [Float], tokens: Int, hasBias: Bool, epilogue: Epilogue = .store,
  start: [Float] = [], variant: KernelVariant
) -> [Float] {
  let weights = layer.compressed
  var y = start
  if epilogue != .add { y = [Float](repeating: .nan, count: tokens * weights.outputs) }
  var scratch = [Float](
    repeating: .nan, count: scratchCount(outputs: weights.outputs, inputs: weights.inputs))
  var ySpan = y.mutableSpan
  var scratchSpan = scratch.mutableSpan
  multiply(
    weights, by: x.span, tokens: tokens, bias: hasBias ? layer.bias.span : nil,
    epilogue: epilogue, into: &ySpan, scratch: &scratchSpan, variant: variant)
  return y
}

struct SparseProductsTests {
  static let supported = KernelVariant.allCases.filter(\.isSupported)
  static let vectorised = supported.filter { $0 != .scalar }

  @Test(arguments: supported, everyPattern)
  func `a variant agrees with the formula in double precision`(
    variant: KernelVariant, pattern: NMPattern
  ) throws {
    var generator = SeededGenerator(
      seed: UInt64(pattern.kept * 100 + pattern.groupSize), stream: 1)
    for _ in 0..<6 {
      let tokens = 1 + generator.index(below: 150)
      let outputs = 1 + generator.index(below: 40)
      let inputs = 1 + generator.index(below: 230)
      let layer = try RandomLayer(
        outputs: outputs, inputs: inputs, pattern: pattern, using: &generator)
      let x = (0..<tokens * inputs).map { _ in generator.weight() }
      let hasBias = generator.index(below: 4) > 0
      let y = product(layer, by: x, tokens: tokens, hasBias: hasBias, variant: variant)
      for token in 0..<tokens {
        for output in 0..<outputs {
          var sum = hasBias ? Double(layer.bias[output]) : 0
          var magnitude = abs(sum)
          for input in 0..<inputs {
            let weight = Double(layer.weights[output * inputs + input])
            sum += weight * Double(x[token * inputs + input])
            magnitude += abs(weight * Double(x[token * inputs + input]))
          }
          // Each product and each sum rounds once, by at most half an ulp of the magnitude.
          let operations = Double(2 * pattern.keptCount(ofInputs: inputs) + 1)
          let bound = operations * 0x1p-24 * magnitude
          #expect(abs(Double(y[token * outputs + output]) - sum) <= bound)
        }
      }
    }
  }

  @Test(arguments: supported, [Epilogue.storeGELU, .add])
  func `an epilogue agrees with the formula in double precision`(
    variant: KernelVariant, epilogue: Epilogue
  ) throws {
    var generator = SeededGenerator(seed: epilogue == .add ? 6 : 7)
    for pattern in everyPattern {
      let tokens = 1 + generator.index(below: 150)
      let outputs = 1 + generator.index(below: 40)
      let inputs = 1 + generator.index(below: 230)
      let layer = try RandomLayer(
        outputs: outputs, inputs: inputs, pattern: pattern, using: &generator)
      let x = (0..<tokens * inputs).map { _ in generator.weight() }
      let start = (0..<tokens * outputs).map { _ in generator.weight() }
      let hasBias = generator.index(below: 4) > 0
      let y = product(
        layer, by: x, tokens: tokens, hasBias: hasBias, epilogue: epilogue, start: start,
        variant: variant)
      let formula = ProductFormula(
        weights: layer.weights, x: x, tokens: tokens, outputs: outputs,
        bias: hasBias ? layer.bias : nil, terms: pattern.keptCount(ofInputs: inputs))
      let deviations = formula.deviations(of: y, epilogue: epilogue, start: start)
      #expect(deviations.isEmpty, "\(pattern) \(tokens) × \(outputs) × \(inputs)")
    }
  }

  @Test(arguments: vectorised, everyPattern)
  func `a vectorised sum has the bits of fused multiply-adds in the order of the inputs`(
    variant: KernelVariant, pattern: NMPattern
  ) throws {
    var generator = SeededGenerator(
      seed: UInt64(pattern.kept * 100 + pattern.groupSize), stream: 2)
    let (tokens, outputs, inputs) = (65 + generator.index(below: 64), 11, 203)
    let layer = try RandomLayer(
      outputs: outputs, inputs: inputs, pattern: pattern, using: &generator)
    let x = (0..<tokens * inputs).map { _ in generator.weight() }
    let y = product(layer, by: x, tokens: tokens, hasBias: true, variant: variant)
    for token in 0..<tokens {
      for output in 0..<outputs {
        var sum = layer.bias[output]
        for input in 0..<inputs where layer.weights[output * inputs + input] != 0 {
          sum = sum.addingProduct(
            layer.weights[output * inputs + input], x[token * inputs + input])
        }
        #expect(y[token * outputs + output] == sum)
      }
    }
  }

  @Test(arguments: supported, [1, 7, 8, 9, 15, 16, 17, 65, 79, 80, 81, 160, 197])
  func `a token's bits do not depend on the tokens beside it`(
    variant: KernelVariant, tokens: Int
  ) throws {
    var generator = SeededGenerator(seed: UInt64(tokens))
    let pattern = try #require(NMPattern(kept: 3, groupSize: 8))
    let (outputs, inputs) = (300, 100)
    let layer = try RandomLayer(
      outputs: outputs, inputs: inputs, pattern: pattern, using: &generator)
    let x = (0..<tokens * inputs).map { _ in generator.weight() }
    let together = product(layer, by: x, tokens: tokens, hasBias: true, variant: variant)
    for token in 0..<tokens {
      let row = Array(x[token * inputs..<(token + 1) * inputs])
      let alone = product(layer, by: row, tokens: 1, hasBias: true, variant: variant)
      #expect(alone == Array(together[token * outputs..<(token + 1) * outputs]))
    }
  }

  @Test(arguments: vectorised)
  func `a layer of a real model's size agrees with the scalar reference`(
    variant: KernelVariant
  ) throws {
    var generator = SeededGenerator(seed: 5)
    let pattern = try #require(NMPattern(kept: 2, groupSize: 4))
    let (tokens, outputs, inputs) = (197, 768, 192)
    let layer = try RandomLayer(
      outputs: outputs, inputs: inputs, pattern: pattern, using: &generator)
    let x = (0..<tokens * inputs).map { _ in generator.weight() }
    let expected = product(layer, by: x, tokens: tokens, hasBias: true, variant: .scalar)
    let found = product(layer, by: x, tokens: tokens, hasBias: true, variant: variant)
    // Weights, inputs and bias are below one, so the products of a sum add up to less than this.
    let magnitude = Double(pattern.keptCount(ofInputs: inputs) + 1)
    let bound = magnitude * magnitude * 2 * 0x1p-23
    for (one, other) in zip(found, expected) {
      #expect(abs(Double(one) - Double(other)) <= bound)
    }
  }
}
