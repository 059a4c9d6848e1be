import SparsityCore

/// The measured time of one matrix product.
package struct Measurement: Hashable, Sendable {
  package var product: MatrixProduct
  /// The pattern of its weights.
  package var pattern: NMPattern
  /// The median time.
  package var picoseconds: Int
  /// The tenth percentile of the time.
  package var lowPicoseconds: Int
  /// The ninetieth percentile of the time.
  package var highPicoseconds: Int

  /// The times that a measurement may have, up to 1,000 seconds.
  package static let picosecondRange = 1...1_000_000_000_000_000

  /// Creates a measurement; without percentiles its time has no spread.
  package init(
    product: MatrixProduct, pattern: NMPattern, picoseconds: Int, lowPicoseconds: Int? = nil,
    highPicoseconds: Int? = nil
  ) {
    self.product = product
    self.pattern = pattern
    self.picoseconds = picoseconds
    self.lowPicoseconds = lowPicoseconds ?? picoseconds
    self.highPicoseconds = highPicoseconds ?? picoseconds
    for time in [self.lowPicoseconds, picoseconds, self.highPicoseconds] {
      precondition(Self.picosecondRange.contains(time))
    }
  }
}

/// Where the time of a product comes from.
package enum Evidence: String, CaseIterable, Hashable, Sendable {
  /// A model computed it.
  case modelled
  /// This product was measured.
  case measured
  /// It lies among measurements.
  case interpolated
  /// It lies outside all measurements.
  case extrapolated
}

/// Measured times of products, and a roofline that tells how times change between them.
///
/// What is interpolated is the efficiency η = roofline ÷ measured, not the time: linearly in the
/// logarithm of the tokens where inputs and outputs were measured, otherwise from the four nearest
/// measurements of the pattern, weighted by inverse distance in the logarithms of all three sizes.
/// Outside the measurements η stays what it is at their edge. A sparse product is never predicted
/// faster than N/M of the dense one, but it may be slower.
package struct MeasuredTable: Hashable, Sendable {
  /// The measurements, ordered by pattern, inputs, outputs and tokens.
  package let measurements: [Measurement]
  /// The roofline with which efficiencies are computed.
  package let roofline: Roofline

  /// Creates a table.
  ///
  /// - Throws: ``AcceleratorError/noMeasurement(of:)`` for a level that was not measured.
  package init(measurements: [Measurement], roofline: Roofline) throws(AcceleratorError) {
    for rate in roofline.rates
    where !measurements.contains(where: { $0.pattern.isSame(as: rate.pattern) }) {
      throw .noMeasurement(of: rate.pattern)
    }
    self.measurements = measurements.sorted { Self.key($0) < Self.key($1) }
    self.roofline = roofline
  }

  private static func key(_ item: Measurement) -> (Int, Int, Int, Int, Int, Int) {
    (
      item.pattern.groupSize, item.pattern.kept, item.product.inputs, item.product.outputs,
      item.product.tokens, item.picoseconds
    )
  }

  /// A predicted time.
  struct Prediction {
    /// The median, and the percentiles around it.
    var picoseconds: Int128
    var lowPicoseconds: Int128
    var highPicoseconds: Int128
    var evidence: Evidence
  }

  /// Returns the time of one product; `baseline` is its time on the roofline, and `baselineOf` that
  /// of others with the pattern.
  func prediction(
    of product: MatrixProduct, pattern: NMPattern,
    baselineOf: (MatrixProduct, NMPattern) throws(AcceleratorError) -> Int128
  ) throws(AcceleratorError) -> Prediction {
    let candidates = measurements.filter { $0.pattern.isSame(as: pattern) }
    precondition(!candidates.isEmpty)
    if let exact = candidates.first(where: { $0.product == product }) {
      return Prediction(
        picoseconds: Int128(exact.picoseconds), lowPicoseconds: Int128(exact.lowPicoseconds),
        highPicoseconds: Int128(exact.highPicoseconds), evidence: .measured)
    }
    let line = candidates.filter {
      $0.product.inputs == product.inputs && $0.product.outputs == product.outputs
    }
    let (weighted, evidence) =
      line.isEmpty
      ? Self.nearest(to: product, in: candidates) : Self.neighbours(of: product, on: line)
    let baseline = try baselineOf(product, pattern)
    var prediction = Prediction(
      picoseconds: 0, lowPicoseconds: 0, highPicoseconds: 0, evidence: evidence)
    var efficiency: Int128 = 0
    var total: Int128 = 0
    var low: Int128 = 0
    var high: Int128 = 0
    for (item, weight) in weighted {
      let time = Int128(item.picoseconds)
      let roof = try baselineOf(item.product, pattern)
      efficiency += Int128(weight) * (roof << Self.fractionBits) / time
      low += Int128(weight) * (Int128(item.lowPicoseconds) << Self.fractionBits) / time
      high += Int128(weight) * (Int128(item.highPicoseconds) << Self.fractionBits) / time
      total += Int128(weight)
    }
    efficiency = max(1, efficiency / total)
    prediction.picoseconds = max(1, (baseline << Self.fractionBits) / efficiency)
    prediction.lowPicoseconds = (prediction.picoseconds * (low / total)) >> Self.fractionBits
    prediction.highPicoseconds = (prediction.picoseconds * (high / total)) >> Self.fractionBits
    return prediction
  }

  /// The fractional bits of efficiencies.
  private static let fractionBits: Int128 = 20

  /// Returns the one or two measurements beside a product on a line of equal inputs and outputs.
  private static func neighbours(
    of product: MatrixProduct, on line: [Measurement]
  ) -> ([(Measurement, Int)], Evidence) {
    let place = line.firstIndex { $0.product.tokens > product.tokens } ?? line.count
    if place == 0 { return ([(line[0], 1)], .extrapolated) }
    if place == line.count { return ([(line[place - 1], 1)], .extrapolated) }
    let (below, above) = (line[place - 1], line[place])
    let position = fixedPointLogarithm(product.tokens)
    let lower = position - fixedPointLogarithm(below.product.tokens)
    let upper = fixedPointLogarithm(above.product.tokens) - position
    if lower + upper == 0 { return ([(below, 1)], .interpolated) }
    return ([(below, upper), (above, lower)], .interpolated)
  }

  /// Returns the four nearest measurements, weighted by inverse distance.
  private static func nearest(
    to product: MatrixProduct, in candidates: [Measurement]
  ) -> ([(Measurement, Int)], Evidence) {
    let place = Self.place(product)
    let distances = candidates.enumerated().map { index, item in
      (zip(Self.place(item.product), place).map { abs($0 - $1) }.reduce(0, +), index)
    }.sorted { $0 < $1 }
    let weighted = distances.prefix(4).map { distance, index in
      (candidates[index], (1 << 40) / max(1, distance))
    }
    let isInside = (0..<3).allSatisfy { axis in
      let values = candidates.map { Self.place($0.product)[axis] }
      return (values.min() ?? 0) <= place[axis] && place[axis] <= (values.max() ?? 0)
    }
    return (Array(weighted), isInside ? .interpolated : .extrapolated)
  }

  private static func place(_ product: MatrixProduct) -> [Int] {
    [product.tokens, product.inputs, product.outputs].map(fixedPointLogarithm)
  }
}

extension NMPattern {
  /// Whether two patterns keep the same weights, however dense is written.
  func isSame(as other: NMPattern) -> Bool { self == other || (isDense && other.isDense) }
}
