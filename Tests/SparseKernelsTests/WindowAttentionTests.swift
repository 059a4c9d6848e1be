import Foundation
import SparseKernels
import SparsityCore
import Testing

/// A map with windows, of which some tokens may pad, and random numbers.
struct WindowedMap: Sendable, CustomTestStringConvertible {
  let windows: Int
  let tokens: Int
  let heads: Int
  let headWidth: Int
  let hasZones: Bool
  let hasPadding: Bool
  var testDescription: String {
    "\(windows) × \(tokens) tokens, \(heads) × \(headWidth), zones \(hasZones), "
      + "padding \(hasPadding)"
  }

  var width: Int { heads * headWidth }

  static let all =
    [
      (4, 49, 3, 32), (1, 49, 2, 32), (2, 144, 1, 32), (3, 16, 2, 6), (2, 24, 8, 6), (1, 1, 1, 1),
      (5, 4, 3, 5), (2, 6, 1, 16), (3, 7, 2, 17), (1, 65, 1, 33), (2, 31, 1, 64),
    ].flatMap { sizes in
      [(false, false), (true, false), (false, true), (true, true)].map {
        WindowedMap(
          windows: sizes.0, tokens: sizes.1, heads: sizes.2, headWidth: sizes.3,
          hasZones: $0.0, hasPadding: $0.1)
      }
    }
}

/// The numbers of a map, as fp32.
struct WindowedNumbers {
  let map: WindowedMap
  /// The row of each token; some have none.
  var rows: [Int?] = []
  var zones: [Int] = []
  let rowCount: Int
  var queriesKeysValues: [Float]
  var padding: [Float]
  /// heads × queries × keys.
  var bias: [Float]

  init(_ map: WindowedMap) {
    self.map = map
    var generator = SeededGenerator(seed: UInt64(map.tokens * 100 + map.headWidth))
    let places = map.windows * map.tokens
    // Rows lie in another order than tokens, and some rows belong to no token.
    rowCount = places + 3
    for place in 0..<places {
      let isPadding = map.hasPadding && place % map.tokens != 0 && place % 5 == 3
      rows.append(isPadding ? nil : (place * 7 + 2) % Self.coprime(rowCount))
      zones.append(map.hasZones ? place % 3 : 0)
    }
    func draw(_ count: Int) -> [Float] { (0..<count).map { _ in 2 * generator.weight() } }
    queriesKeysValues = draw(rowCount * 3 * map.width)
    padding = draw(3 * map.width)
    bias = draw(map.heads * map.tokens * map.tokens)
  }

  /// A number of at least all rows but three that 7 does not divide.
  private static func coprime(_ rowCount: Int) -> Int {
    rowCount.isMultiple(of: 7) ? rowCount - 1 : rowCount
  }

  var windows: AttentionWindows {
    AttentionWindows(tokens: map.tokens, rows: rows, zones: map.hasZones ? zones : [])
  }

  var attentionBias: AttentionBias {
    AttentionBias(heads: map.heads, tokens: map.tokens) { head, query, key in
      bias[(head * map.tokens + query) * map.tokens + key]
    }
  }

  var scratch: [Float] {
    let shape = AttentionShape(tokens: map.tokens, heads: map.heads, headWidth: map.headWidth)
    return [Float](repeating: .nan, count: shape.scratchCount)
  }

  func attended(scale: Float, _ variant: KernelVariant) -> [Float] {
    var y = [Float](repeating: -99, count: rowCount * map.width)
    var scratch = scratch
    var ySpan = y.mutableSpan
    var scratchSpan = scratch.mutableSpan
    attend(
      queriesKeysValues.span, windows: windows, bias: attentionBias, headWidth: map.headWidth,
      scale: scale, padding: padding.span, into: &ySpan, scratch: &scratchSpan,
      variant: variant)
    return y
  }

  func attendedInBF16(scale: Float, _ variant: KernelVariant) -> [BF16] {
    var y = [BF16](repeating: BF16(bits: 0xc2c6), count: rowCount * map.width)
    var scratch = scratch
    let (source, padding) = (narrowed(queriesKeysValues, .scalar), narrowed(padding, .scalar))
    var ySpan = y.mutableSpan
    var scratchSpan = scratch.mutableSpan
    attend(
      source.span, windows: windows, bias: attentionBias, headWidth: map.headWidth, scale: scale,
      padding: padding.span, into: &ySpan, scratch: &scratchSpan, variant: variant)
    return y
  }

  /// The row of a token: that of the map, or the padding.
  private func row(_ place: Int) -> ArraySlice<Float> {
    guard let row = rows[place] else { return padding[...] }
    return queriesKeysValues[row * 3 * map.width..<(row + 1) * 3 * map.width]
  }

  /// Expects `y` to be softmax(Q · Kᵀ · scale + bias + mask) · V in every row of a token, and
  /// `untouched` elsewhere; the type rounds by at most `rounding`.
  func expectFormula(scale: Float, y: [Float], rounding: Double, untouched: Float) {
    let (width, unit) = (map.width, 0x1p-24)
    let used = Set(rows.compactMap { $0 })
    for row in 0..<rowCount where !used.contains(row) {
      #expect(y[row * width..<(row + 1) * width].allSatisfy { $0 == untouched })
    }
    for (place, row) in rows.enumerated() {
      guard let row else { continue }
      let (window, query) = (place / map.tokens, place % map.tokens)
      for head in 0..<map.heads {
        var scores: [Double] = []
        var size = 0.0
        let q = self.row(place).dropFirst(head * map.headWidth).prefix(map.headWidth)
        let others = (0..<map.tokens).map { self.row(window * map.tokens + $0) }
        for key in 0..<map.tokens {
          let k = others[key].dropFirst(width + head * map.headWidth).prefix(map.headWidth)
          let products = zip(q, k).map { Double($0) * Double($1) }
          let added = Double(bias[(head * map.tokens + query) * map.tokens + key])
          let mask = zones[window * map.tokens + key] == zones[place] ? 0.0 : -100
          scores.append(products.reduce(0, +) * Double(scale) + added + mask)
          let magnitude = products.reduce(0) { $0 + abs($1) } * Double(scale)
          size = max(size, magnitude + abs(added) + abs(mask))
        }
        let largest = scores.max() ?? 0
        let powers = scores.map { exp($0 - largest) }
        let sum = powers.reduce(0, +)
        // As in the attention without windows; bias and mask are two summands more.
        let exponent = 4 * Double(map.headWidth + 3) * unit * size + 6 * unit * size
        let power = 1.01 * (exponent + 1.1e-7 + 6 * unit)
        let relative = 2 * power + Double(2 * map.tokens + 10) * unit + rounding
        for d in 0..<map.headWidth {
          var (expected, magnitude) = (0.0, 0.0)
          for key in 0..<map.tokens {
            let at = others[key].startIndex + 2 * width + head * map.headWidth + d
            let v = Double(others[key][at])
            expected += powers[key] / sum * v
            magnitude += powers[key] / sum * abs(v)
          }
          let bound = 1.01 * (relative * magnitude + rounding * abs(expected)) + 1e-36
          let found = Double(y[row * width + head * map.headWidth + d])
          #expect(abs(found - expected) <= bound, "row \(row), head \(head), \(d)")
        }
      }
    }
  }
}

struct WindowAttentionTests {
  static let supported = KernelVariant.allCases.filter(\.isSupported)

  @Test(arguments: supported, WindowedMap.all)
  func `attention in windows agrees with the formula`(variant: KernelVariant, map: WindowedMap) {
    let numbers = WindowedNumbers(map)
    let y = numbers.attended(scale: 0.4, variant)
    numbers.expectFormula(scale: 0.4, y: y, rounding: 0, untouched: -99)
  }

  @Test(arguments: supported, WindowedMap.all)
  func `attention in windows in bf16 agrees with the formula`(
    variant: KernelVariant, map: WindowedMap
  ) {
    var numbers = WindowedNumbers(map)
    numbers.queriesKeysValues = widened(narrowed(numbers.queriesKeysValues, .scalar), .scalar)
    numbers.padding = widened(narrowed(numbers.padding, .scalar), .scalar)
    let y = widened(numbers.attendedInBF16(scale: 0.4, variant), .scalar)
    numbers.expectFormula(scale: 0.4, y: y, rounding: 0x1p-8, untouched: -99)
  }

  @Test(arguments: supported)
  func `a window's result does not depend on the windows beside it`(variant: KernelVariant) {
    let map = WindowedMap(
      windows: 3, tokens: 49, heads: 2, headWidth: 32, hasZones: true, hasPadding: true)
    let numbers = WindowedNumbers(map)
    let all = numbers.attended(scale: 0.3, variant)
    var one = numbers
    one.rows = Array(numbers.rows[49..<98])
    one.zones = Array(numbers.zones[49..<98])
    let own = one.attended(scale: 0.3, variant)
    for row in one.rows.compactMap({ $0 }) {
      let place = row * map.width..<(row + 1) * map.width
      #expect(own[place] == all[place])
    }
  }
}
