import Dispatch
import LinearAlgebra
import SparseKernels
import SparsityCore
import Synchronization
import Testing

/// A dense layer with random numbers, of which bf16 has every weight and activation if it is bf16.
private struct DenseLayer {
  let outputs: Int
  let inputs: Int
  let format: DenseFormat
  let weights: [Float]
  let bias: [Float]?
  let packed: DenseWeights

  init(
    outputs: Int, inputs: Int, format: DenseFormat, hasBias: Bool,
    using generator: inout SeededGenerator
  ) {
    let weights = generator.numbers(outputs * inputs, format: format)
    self.outputs = outputs
    self.inputs = inputs
    self.format = format
    self.weights = weights
    self.bias = hasBias ? generator.numbers(outputs, format: .f32) : nil
    self.packed = DenseWeights(weights.span, outputs: outputs, inputs: inputs, format: format)
  }

  /// Returns x · Wᵀ + bias, added to `start` if there is one.
  func product(
    of x: [Float], tokens: Int, start: [Float]?, _ products: inout DenseProducts
  ) -> [Float] {
    let count = tokens * outputs
    switch (format, start) {
    case (.f32, _):
      var y = start ?? [Float](repeating: .nan, count: count)
      var span = y.mutableSpan
      products.multiply(
        packed, by: x.span, tokens: tokens, bias: bias?.span, adds: start != nil, into: &span)
      return y
    case (.bf16, nil):
      let bits = x.map { BF16(rounding: $0) }
      var y = [BF16](repeating: BF16(bits: 0x7fc0), count: count)
      var span = y.mutableSpan
      products.multiply(packed, by: bits.span, tokens: tokens, bias: bias?.span, into: &span)
      return y.map { $0.float }
    case (.bf16, .some(var y)):
      let bits = x.map { BF16(rounding: $0) }
      var span = y.mutableSpan
      products.multiply(
        packed, by: bits.span, tokens: tokens, bias: bias?.span, addingTo: &span)
      return y
    }
  }

  /// Returns the places where a product differs by more than its roundings.
  func deviations(of y: [Float], for x: [Float], tokens: Int, start: [Float]?) -> [Int] {
    (0..<tokens * outputs).filter { place in
      let (token, output) = place.quotientAndRemainder(dividingBy: outputs)
      var sum = Double(bias?[output] ?? 0) + Double(start?[place] ?? 0)
      var magnitude = abs(Double(bias?[output] ?? 0)) + abs(Double(start?[place] ?? 0))
      for input in 0..<inputs {
        let product = Double(weights[output * inputs + input]) * Double(x[token * inputs + input])
        sum += product
        magnitude += abs(product)
      }
      // As many products and sums in any order, the bias and what is added to.
      var bound = Double(2 * inputs + 3) * 0x1p-24 * magnitude
      // bf16 has 8 bits; below the normal numbers the instructions know none.
      if format == .bf16 { bound += Double(2 * inputs) * 0x1p-126 }
      if format == .bf16 && start == nil { bound += (abs(sum) + bound) * 0x1p-8 }
      return !(abs(Double(y[place]) - sum) <= bound)
    }
  }
}

extension SeededGenerator {
  /// Numbers in -1…1 that a format has.
  fileprivate mutating func numbers(_ count: Int, format: DenseFormat) -> [Float] {
    (0..<count).map { _ in
      let number = Float(unitInterval() * 2 - 1)
      return format == .bf16 ? number.roundedToBF16 : number
    }
  }
}

struct DenseWeightsTests {
  /// The formats that this process can multiply in.
  static let formats: [DenseFormat] =
    InstructionSet.detected >= .avx512bf16 ? [.f32, .bf16] : [.f32]

  @Test(arguments: formats, UInt64(0)..<20)
  func `packed weights give the naive product`(format: DenseFormat, seed: UInt64) {
    prepareThread()
    var generator = SeededGenerator(seed: seed, stream: 31)
    var products = DenseProducts()
    for round in 0..<6 {
      // Sizes off every tile, among them one token, one output and one input.
      let outputs = round == 1 ? 1 : 1 + generator.index(below: 90)
      let inputs = round == 2 ? 1 : 1 + generator.index(below: 300)
      let layer = DenseLayer(
        outputs: outputs, inputs: inputs, format: format, hasBias: generator.index(below: 3) > 0,
        using: &generator)
      for tokens in [1, 1 + generator.index(below: 150)] {
        let x = generator.numbers(tokens * inputs, format: format)
        let start = generator.numbers(tokens * outputs, format: .f32)
        for start in [nil, start] {
          let y = layer.product(of: x, tokens: tokens, start: start, &products)
          let deviations = layer.deviations(of: y, for: x, tokens: tokens, start: start)
          #expect(deviations.isEmpty, "\(tokens) × \(outputs) × \(inputs)")
        }
      }
    }
  }

  @Test(arguments: formats, [true, false])
  func `a size that occurs again has its own operands and the same bits`(
    format: DenseFormat, hasBias: Bool
  ) {
    prepareThread()
    var generator = SeededGenerator(seed: 32)
    let (tokens, outputs, inputs) = (35, 48, 192)
    let layers = (0..<3).map { _ in
      DenseLayer(
        outputs: outputs, inputs: inputs, format: format, hasBias: hasBias, using: &generator)
    }
    let x = generator.numbers(tokens * inputs, format: format)
    var products = DenseProducts()
    for _ in 0..<2 {
      for layer in layers {
        var own = DenseProducts()
        let expected = layer.product(of: x, tokens: tokens, start: nil, &own)
        let found = layer.product(of: x, tokens: tokens, start: nil, &products)
        #expect(found == expected)
      }
    }
  }

  @Test(arguments: formats)
  func `threads share packed weights, each with products of its own`(format: DenseFormat) {
    prepareThread()
    var generator = SeededGenerator(seed: 33)
    let (tokens, outputs, inputs) = (70, 96, 200)
    let layer = DenseLayer(
      outputs: outputs, inputs: inputs, format: format, hasBias: true, using: &generator)
    let x = generator.numbers(tokens * inputs, format: format)
    var products = DenseProducts()
    let expected = layer.product(of: x, tokens: tokens, start: nil, &products)
    let equalCount = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      prepareThread()
      var products = DenseProducts()
      for _ in 0..<20 where layer.product(of: x, tokens: tokens, start: nil, &products) == expected
      {
        equalCount.withLock { $0 += 1 }
      }
    }
    #expect(equalCount.withLock { $0 } == 80)
  }

  @Test(arguments: formats)
  func `the size is what the layout takes, at least that of the weights`(format: DenseFormat) {
    prepareThread()
    var generator = SeededGenerator(seed: 34)
    let layer = DenseLayer(
      outputs: 96, inputs: 200, format: format, hasBias: false, using: &generator)
    #expect(layer.packed.size >= 96 * 200 * (format == .bf16 ? 2 : 4))
    #expect(layer.packed.size < 2 * 96 * 256 * 4)
  }

  @Test func `bf16 is multiplied as such only by instructions for it`() {
    for set in InstructionSet.allCases {
      #expect(DenseFormat(for: .f32, instructionSet: set) == .f32)
      let expected: DenseFormat = set == .avx512bf16 ? .bf16 : .f32
      #expect(DenseFormat(for: .bf16, instructionSet: set) == expected)
    }
  }
}
