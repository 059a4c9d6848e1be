import Foundation
import SparseKernels
import SparsityCore
import Testing

struct AttentionTests {
  static let supported = KernelVariant.allCases.filter(\.isSupported)

  static let shapes = [
    (197, 1, 64), (198, 2, 33), (577, 1, 8), (17, 3, 20), (1, 2, 64), (2, 1, 5), (3, 1, 1),
    (16, 2, 16), (33, 2, 32), (48, 1, 128), (5, 3, 4), (31, 2, 7), (65, 1, 67), (14, 2, 100),
  ].map { AttentionShape(tokens: $0.0, heads: $0.1, headWidth: $0.2) }

  @Test(arguments: supported, shapes)
  func `attention agrees with the formula`(variant: KernelVariant, shape: AttentionShape) {
    let x = numbers(shape, range: 2)
    let scale = 1.5 / Float(shape.headWidth).squareRoot()
    let y = attended(x.span, shape, queries: shape.tokens, scale: scale, variant)
    expectFormula(x, shape, scale: scale, y: y, rounding: 0)
  }

  @Test(arguments: supported, shapes)
  func `attention in bf16 agrees with the formula`(variant: KernelVariant, shape: AttentionShape) {
    let x = narrowed(numbers(shape, range: 2), .scalar)
    let scale = 1.5 / Float(shape.headWidth).squareRoot()
    let y = attended(x.span, shape, queries: shape.tokens, scale: scale, variant)
    expectFormula(
      widened(x, .scalar), shape, scale: scale, y: widened(y, .scalar), rounding: 0x1p-8)
  }

  @Test(arguments: supported, [1, 2, 5, 6, 7, 12, 13])
  func `a query's result does not depend on how many are asked for`(
    variant: KernelVariant, queries: Int
  ) {
    let shape = AttentionShape(tokens: 37, heads: 2, headWidth: 24)
    let x = numbers(shape, range: 2)
    let all = attended(x.span, shape, queries: shape.tokens, scale: 0.2, variant)
    let some = attended(x.span, shape, queries: queries, scale: 0.2, variant)
    #expect(some.elementsEqual(all.prefix(some.count)))

    let short = narrowed(x, .scalar)
    let allShort = attended(short.span, shape, queries: shape.tokens, scale: 0.2, variant)
    let someShort = attended(short.span, shape, queries: queries, scale: 0.2, variant)
    #expect(someShort.elementsEqual(allShort.prefix(someShort.count)))
  }

  @Test(arguments: supported, 1...3)
  func `an image's result does not depend on its place`(variant: KernelVariant, place: Int) {
    let shape = AttentionShape(tokens: 19, heads: 1, headWidth: 9)
    let x = numbers(shape, range: 2)
    let moved = [Float](repeating: .nan, count: place) + x + [.nan]
    let window = moved.span.extracting(place..<place + x.count)
    let y = attended(window, shape, queries: shape.tokens, scale: 0.3, variant)
    #expect(y == attended(x.span, shape, queries: shape.tokens, scale: 0.3, variant))

    let short = narrowed(x, .scalar)
    let movedShort =
      [BF16](repeating: BF16(bits: 0x7fc0), count: place) + short
      + [BF16(bits: 0x7fc0)]
    let windowShort = movedShort.span.extracting(place..<place + x.count)
    let yShort = attended(windowShort, shape, queries: shape.tokens, scale: 0.3, variant)
    #expect(yShort == attended(short.span, shape, queries: shape.tokens, scale: 0.3, variant))
  }

  @Test(arguments: supported, [3, 4, 17])
  func `a NaN stays in its head and its query`(variant: KernelVariant, headWidth: Int) {
    let shape = AttentionShape(tokens: 21, heads: 3, headWidth: headWidth)
    let (row, query, head) = (3 * shape.width, 8, 1)
    for part in 0..<3 {
      var x = numbers(shape, range: 1)
      x[query * row + part * shape.width + head * headWidth] = .nan
      let y = attended(x.span, shape, queries: shape.tokens, scale: 1, variant)
      let narrow = narrowed(x, .scalar)
      let shortY = attended(narrow.span, shape, queries: shape.tokens, scale: 1, variant)
      let short = widened(shortY, .scalar)
      for index in y.indices {
        let (token, place) = (index / shape.width, index % shape.width)
        let isOfHead = place / headWidth == head
        let isBroken =
          switch part {
          case 0: isOfHead && token == query
          case 1: isOfHead
          default: place == head * headWidth
          }
        #expect(y[index].isNaN == isBroken)
        #expect(short[index].isNaN == isBroken)
      }
    }
  }

  @Test(arguments: supported)
  func `scores far apart pick one token's values`(variant: KernelVariant) {
    let shape = AttentionShape(tokens: 20, heads: 1, headWidth: 2)
    var x = [Float](repeating: 0, count: shape.tokens * 6)
    for token in 0..<shape.tokens {
      x[token * 6] = 1_000
      x[token * 6 + 2] = token == 11 ? 1_000 : -1_000
      x[token * 6 + 4] = Float(token)
    }
    let y = attended(x.span, shape, queries: 3, scale: 1, variant)
    let narrow = narrowed(x, .scalar)
    let short = attended(narrow.span, shape, queries: 3, scale: 1, variant)
    for query in 0..<3 {
      #expect(y[2 * query] == 11)
      #expect(widened(short, .scalar)[2 * query] == 11)
    }
  }
}

/// Draws queries, keys and values of up to `range`.
private func numbers(_ shape: AttentionShape, range: Float) -> [Float] {
  var generator = SeededGenerator(seed: UInt64(shape.tokens * 1_000 + shape.headWidth))
  return (0..<shape.tokens * 3 * shape.width).map { _ in range * generator.weight() }
}

private func attended(
  _ x: Span<Float>, _ shape: AttentionShape, queries: Int, scale: Float, _ variant: KernelVariant
) -> [Float] {
  var y = [Float](repeating: .nan, count: queries * shape.width)
  var scratch = [Float](repeating: .nan, count: shape.scratchCount)
  var ySpan = y.mutableSpan
  var scratchSpan = scratch.mutableSpan
  attend(
    x, shape: shape, queries: queries, scale: scale, into: &ySpan, scratch: &scratchSpan,
    variant: variant)
  return y
}

private func attended(
  _ x: Span<BF16>, _ shape: AttentionShape, queries: Int, scale: Float, _ variant: KernelVariant
) -> [BF16] {
  var y = [BF16](repeating: BF16(bits: 0x7fc0), count: queries * shape.width)
  var scratch = [Float](repeating: .nan, count: shape.scratchCount)
  var ySpan = y.mutableSpan
  var scratchSpan = scratch.mutableSpan
  attend(
    x, shape: shape, queries: queries, scale: scale, into: &ySpan, scratch: &scratchSpan,
    variant: variant)
  return y
}

/// Expects `y` to be softmax(Q · Kᵀ · scale) · V; the type rounds by at most `rounding`.
private func expectFormula(
  _ x: [Float], _ shape: AttentionShape, scale: Float, y: [Float], rounding: Double
) {
  let (width, unit) = (shape.width, 0x1p-24)
  // The formula of every query takes long for many tokens: every seventh, and the last.
  for query in 0..<shape.tokens where query % 7 == 0 || query == shape.tokens - 1 {
    for head in 0..<shape.heads {
      let q = query * 3 * width + head * shape.headWidth
      var scores: [Double] = []
      var size = 0.0
      for token in 0..<shape.tokens {
        let k = (token * 3 + 1) * width + head * shape.headWidth
        var (score, magnitude) = (0.0, 0.0)
        for d in 0..<shape.headWidth {
          let product = Double(x[q + d]) * Double(x[k + d])
          score += product
          magnitude += abs(product)
        }
        scores.append(score * Double(scale))
        size = max(size, magnitude * Double(scale))
      }
      let largest = scores.max() ?? 0
      let powers = scores.map { exp($0 - largest) }
      let sum = powers.reduce(0, +)
      // A score rounds twice a product, the largest one too; then its distance to the largest one,
      // a factor of three roundings and their product round; exp2 has its own error.
      let distance = largest - (scores.min() ?? 0)
      let exponent = 4 * Double(shape.headWidth + 1) * unit * size + 6 * unit * distance
      let power = 1.01 * (exponent + 1.1e-7 + 6 * unit)
      let relative = 2 * power + Double(2 * shape.tokens + 10) * unit + rounding
      for d in 0..<shape.headWidth {
        var (expected, magnitude) = (0.0, 0.0)
        for token in 0..<shape.tokens {
          let v = Double(x[(token * 3 + 2) * width + head * shape.headWidth + d])
          expected += powers[token] / sum * v
          magnitude += powers[token] / sum * abs(v)
        }
        let bound = 1.01 * (relative * magnitude + rounding * abs(expected)) + 1e-36
        let found = Double(y[query * width + head * shape.headWidth + d])
        #expect(abs(found - expected) <= bound)
      }
    }
  }
}
