import SparseKernels
import SparsityCore
import Testing

/// A layer of bf16 numbers in one of the forms that kernels multiply.
private enum Form: CaseIterable {
  case columns
  case pairs
}

/// What a bf16 layer is made of, and its products.
private struct BF16Layer {
  let weights: [Float]
  let bias: [Float]?
  let columns: CompressedWeights
  let pairs: PairWeights?

  init(
    outputs: Int, inputs: Int, pattern: NMPattern, hasBias: Bool = true,
    using generator: inout SeededGenerator
  ) throws {
    let layer = try RandomLayer(
      outputs: outputs, inputs: inputs, pattern: pattern, using: &generator)
    weights = layer.weights.map(\.roundedToBF16)
    bias = hasBias ? layer.bias : nil
    columns = layer.compressed.rounded()
    pairs = PairWeights(layer.compressed)
  }

  /// The products of a sum, with those of zeros that fill pairs up.
  func terms(_ form: Form) -> Int {
    switch form {
    case .columns: columns.pattern.keptCount(ofInputs: columns.inputs)
    case .pairs: (pairs?.values.count ?? 0) * 2 / columns.outputs
    }
  }

  /// Returns what the kernels make of a product; for ``Epilogue/add`` what is added to `start`.
  func product(
    _ form: Form, by x: [BF16], tokens: Int, epilogue: Epilogue, start: [Float],
    variant: KernelVariant
  ) throws -> [Float] {
    let (outputs, inputs) = (columns.outputs, columns.inputs)
    var scratch = [Float](
      repeating: .nan, count: scratchCount(outputs: outputs, inputs: inputs))
    var scratchSpan = scratch.mutableSpan
    if epilogue == .add {
      var y = start
      var span = y.mutableSpan
      switch form {
      case .columns:
        multiply(
          columns, by: x.span, tokens: tokens, bias: bias?.span, addingTo: &span,
          scratch: &scratchSpan, variant: variant)
      case .pairs:
        let pairs = try #require(pairs)
        multiply(
          pairs, by: x.span, tokens: tokens, bias: bias?.span, addingTo: &span,
          scratch: &scratchSpan, variant: variant)
      }
      return y
    }
    var y = [BF16](repeating: BF16(bits: 0x7fc0), count: tokens * outputs)
    var span = y.mutableSpan
    switch form {
    case .columns:
      multiply(
        columns, by: x.span, tokens: tokens, bias: bias?.span, epilogue: epilogue, into: &span,
        scratch: &scratchSpan, variant: variant)
    case .pairs:
      let pairs = try #require(pairs)
      multiply(
        pairs, by: x.span, tokens: tokens, bias: bias?.span, epilogue: epilogue, into: &span,
        scratch: &scratchSpan, variant: variant)
    }
    return y.map(\.float)
  }

  /// Returns the sums of one token in the order that a form promises.
  func orderedSums(_ form: Form, of x: ArraySlice<Float>) throws -> [Float] {
    let x = Array(x)
    return try (0..<columns.outputs).map { output in
      var sum = bias?[output] ?? 0
      for input in try inputOrder(form, of: output) {
        sum += weights[output * x.count + input] * x[input]
      }
      return sum
    }
  }

  /// The inputs with nonzero weights of an output, in the order in which products are added.
  private func inputOrder(_ form: Form, of output: Int) throws -> [Int] {
    let inputs = columns.inputs
    let nonzeros = (0..<inputs).filter { weights[output * inputs + $0] != 0 }
    guard form == .pairs else { return nonzeros }
    // Steps of eight inputs, in them pairs in the order of their slots, in them the higher first.
    let pairing = try #require(Pairing(of: columns.pattern))
    let row = weights[output * inputs..<(output + 1) * inputs]
    return stride(from: 0, to: inputs, by: 8).flatMap { start -> [Int] in
      let step = Array(row.dropFirst(start).prefix(8))
      let slots = pairing.slots(of: pairing.completedMask(of: step.span))
      return slots.flatMap { [pairing.pairs[$0].higher, pairing.pairs[$0].lower] }
        .filter { $0 < step.count && step[$0] != 0 }.map { start + $0 }
    }
  }
}

extension SeededGenerator {
  /// Numbers in -1…1 that bf16 has.
  fileprivate mutating func bf16Weights(_ count: Int) -> [Float] {
    (0..<count).map { _ in weight().roundedToBF16 }
  }
}

struct BF16ProductsTests {
  static let supported = KernelVariant.allCases.filter(\.isSupported)
  static let everyEpilogue = [Epilogue.store, .storeGELU, .add]

  /// The forms that a pattern has.
  private func forms(_ pattern: NMPattern) -> [Form] {
    Pairing(of: pattern) == nil ? [.columns] : Form.allCases
  }

  @Test(arguments: supported, everyPattern)
  func `a variant agrees with the formula in double precision`(
    variant: KernelVariant, pattern: NMPattern
  ) throws {
    var generator = SeededGenerator(
      seed: UInt64(pattern.kept * 100 + pattern.groupSize), stream: 21)
    for form in forms(pattern) {
      for epilogue in Self.everyEpilogue {
        for hasBias in [true, false] {
          let tokens = 1 + generator.index(below: 150)
          let outputs = 1 + generator.index(below: 70)
          let inputs = 1 + generator.index(below: 230)
          let layer = try BF16Layer(
            outputs: outputs, inputs: inputs, pattern: pattern, hasBias: hasBias,
            using: &generator)
          let x = generator.bf16Weights(tokens * inputs)
          let start = (0..<tokens * outputs).map { _ in generator.weight() }
          let found = try layer.product(
            form, by: x.map { BF16(rounding: $0) }, tokens: tokens, epilogue: epilogue,
            start: start,
            variant: variant)
          let formula = ProductFormula(
            weights: layer.weights, x: x, tokens: tokens, outputs: outputs, bias: layer.bias,
            terms: layer.terms(form))
          let deviations = formula.deviations(
            of: found, epilogue: epilogue, start: start, isRoundedToBF16: epilogue != .add)
          #expect(deviations.isEmpty, "\(form) \(epilogue) \(tokens) × \(outputs) × \(inputs)")
        }
      }
    }
  }

  @Test(arguments: supported, everyPattern)
  func `sums have the bits of additions in the order that the form promises`(
    variant: KernelVariant, pattern: NMPattern
  ) throws {
    var generator = SeededGenerator(
      seed: UInt64(pattern.kept * 100 + pattern.groupSize), stream: 22)
    for form in forms(pattern) {
      let tokens = 20 + generator.index(below: 80)
      let (outputs, inputs) = (11, 203)
      let layer = try BF16Layer(
        outputs: outputs, inputs: inputs, pattern: pattern, using: &generator)
      let x = generator.bf16Weights(tokens * inputs)
      let start = (0..<tokens * outputs).map { _ in generator.weight() }
      // Products of two bf16 numbers are exact, so that fused or not makes no difference.
      var sums: [Float] = []
      for token in 0..<tokens {
        sums += try layer.orderedSums(form, of: x[token * inputs..<(token + 1) * inputs])
      }
      let stored = try layer.product(
        form, by: x.map { BF16(rounding: $0) }, tokens: tokens, epilogue: .store, start: start,
        variant: variant)
      let rounded = sums.map(\.roundedToBF16)
      #expect(stored == rounded, "\(form)")
      let added = try layer.product(
        form, by: x.map { BF16(rounding: $0) }, tokens: tokens, epilogue: .add, start: start,
        variant: variant)
      let expected = zip(start, sums).map { $0 + $1 }
      #expect(added == expected, "\(form)")
    }
  }

  @Test(
    arguments: supported,
    [1, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 80, 81, 96, 97, 112, 160, 197])
  func `a token's bits do not depend on the tokens beside it`(
    variant: KernelVariant, tokens: Int
  ) throws {
    var generator = SeededGenerator(seed: UInt64(tokens), stream: 23)
    let pattern = try #require(NMPattern(kept: 2, groupSize: 4))
    let (outputs, inputs) = (67, 150)
    let layer = try BF16Layer(
      outputs: outputs, inputs: inputs, pattern: pattern, using: &generator)
    let x = generator.bf16Weights(tokens * inputs).map { BF16(rounding: $0) }
    let start = (0..<tokens * outputs).map { _ in generator.weight() }
    for form in Form.allCases {
      for epilogue in Self.everyEpilogue {
        let together = try layer.product(
          form, by: x, tokens: tokens, epilogue: epilogue, start: start, variant: variant)
        var alone: [Float] = []
        for token in 0..<tokens {
          alone += try layer.product(
            form, by: Array(x[token * inputs..<(token + 1) * inputs]), tokens: 1,
            epilogue: epilogue,
            start: Array(start[token * outputs..<(token + 1) * outputs]), variant: variant)
        }
        #expect(alone == together, "\(form) \(epilogue)")
      }
    }
  }

  @Test(arguments: supported)
  func `subnormal activations count as they are or as zeros`(variant: KernelVariant) throws {
    var generator = SeededGenerator(seed: 24)
    let pattern = try #require(NMPattern(kept: 2, groupSize: 4))
    let (tokens, outputs, inputs) = (19, 5, 40)
    let layer = try BF16Layer(
      outputs: outputs, inputs: inputs, pattern: pattern, hasBias: false, using: &generator)
    let x = (0..<tokens * inputs).map { _ in
      BF16(bits: UInt16(generator.index(below: 0x80)))
    }
    let start = [Float](repeating: 0, count: tokens * outputs)
    for form in Form.allCases {
      let found = try layer.product(
        form, by: x, tokens: tokens, epilogue: .add, start: start, variant: variant)
      // Weights are at most one, activations and each sum that is flushed below 2⁻¹²⁶.
      let bound = Double(2 * layer.terms(form)) * 0x1p-126
      let largest = found.map { abs(Double($0)) }.max() ?? .nan
      #expect(largest <= bound, "\(form)")
    }
  }

  @Test(arguments: supported)
  func `a token that is not finite spoils no other`(variant: KernelVariant) throws {
    var generator = SeededGenerator(seed: 25)
    let pattern = try #require(NMPattern(kept: 2, groupSize: 4))
    let (tokens, outputs, inputs) = (50, 9, 24)
    let layer = try BF16Layer(
      outputs: outputs, inputs: inputs, pattern: pattern, using: &generator)
    let x = generator.bf16Weights(tokens * inputs).map { BF16(rounding: $0) }
    var spoilt = x
    for input in 0..<inputs { spoilt[20 * inputs + input] = BF16(bits: 0x7fc0) }
    let start = [Float](repeating: 0, count: tokens * outputs)
    let row = 20 * outputs..<21 * outputs
    for form in Form.allCases {
      let clean = try layer.product(
        form, by: x, tokens: tokens, epilogue: .store, start: start, variant: variant)
      let found = try layer.product(
        form, by: spoilt, tokens: tokens, epilogue: .store, start: start, variant: variant)
      let isSpoilt = found[row].allSatisfy(\.isNaN)
      #expect(isSpoilt, "\(form)")
      #expect(found[..<row.lowerBound] == clean[..<row.lowerBound])
      #expect(found[row.upperBound...] == clean[row.upperBound...])
    }
  }
}

struct BF16RoundingTests {
  @Test func `Swift's rounding has the bits of the kernels'`() {
    var generator = SeededGenerator(seed: 26)
    var x: [Float] = [0, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude]
    x += [.leastNormalMagnitude, -.leastNormalMagnitude.nextDown, .greatestFiniteMagnitude]
    for _ in 0..<50_000 {
      let bits = UInt32(truncatingIfNeeded: generator.next() >> 20)
      // Any number, one halfway between two bf16 numbers, and one with a small exponent.
      x.append(Float(bitPattern: bits))
      x.append(Float(bitPattern: bits & 0xffff_0000 | 0x8000))
      x.append(Float(bitPattern: bits & 0x81ff_ffff))
    }
    x.removeAll(where: \.isNaN)
    #expect(x.contains { $0.isSubnormal })
    for variant in KernelVariant.allCases where variant.isSupported {
      #expect(narrowed(x, variant) == x.map { BF16(rounding: $0) })
    }
    let rounded = x.map(\.roundedToBF16)
    #expect(rounded == widened(x.map { BF16(rounding: $0) }, .scalar))
  }
}
