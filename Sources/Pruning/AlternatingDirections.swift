import LinearAlgebra
import SparsityCore

/// The search for a layer's mask by the alternating direction method of multipliers.
///
/// Weights X that fit the outputs and weights D that keep to the pattern are drawn to each other by
/// a penalty that grows until the mask stays. All rows share the eigenvectors of the inputs'
/// moments, so a step costs two products. Single precision suffices: only the mask is used.
struct AlternatingDirections {
  private let outputs: Int
  private let inputs: Int
  private let pattern: NMPattern
  private let eigenvalues: [Float]
  private let eigenvectors: [Float]
  /// The weights of inputs that are scaled to mean square one.
  private let scaled: [Float]
  /// What the weights aim at, for such inputs.
  private let scaledAims: [Float]

  /// The penalty at the start, and its growth every ``stepsBetweenGrowth`` steps.
  private static let (firstPenalty, growth) = (Float(0.1), Float(1.1))
  /// The steps with the same penalty.
  private static let stepsBetweenGrowth = 3
  /// The steps that are made even if the mask does not change.
  private static let stepCountMin = 30
  /// The steps after which the search ends in any case.
  private static let stepCountMax = 300

  /// Prepares the search for one layer and pattern.
  ///
  /// - Parameters:
  ///   - aims: W·(mean of t·xᵀ): what unmasked weights aim at, before they are scaled.
  ///   - scales: The root mean square of each input.
  init(
    weights: LayerMatrix, aims: [Double], scales: [Double], eigenvalues: [Float],
    eigenvectors: [Float],
    pattern: NMPattern
  ) {
    let inputs = weights.inputs
    self.outputs = weights.outputs
    self.inputs = inputs
    self.pattern = pattern
    self.eigenvalues = eigenvalues
    self.eigenvectors = eigenvectors
    self.scaled = weights.values.enumerated().map { Float($1 * scales[$0 % inputs]) }
    self.scaledAims = aims.enumerated().map { Float($1 / scales[$0 % inputs]) }
  }

  /// Runs until the mask stays and returns it.
  func run() -> [Bool] {
    var target = [Float](repeating: 0, count: scaled.count)
    rotate(scaledAims, into: &target)
    var mask = [Bool](repeating: false, count: scaled.count)
    mark(scaled, into: &mask)
    var sparse = zip(scaled, mask).map { $1 ? $0 : 0 }
    var multipliers = [Float](repeating: 0, count: scaled.count)
    var fitted = multipliers
    var scratch = multipliers
    var penalty = Self.firstPenalty
    var last: [Bool] = []
    for step in 1...Self.stepCountMax {
      pull(sparse, multipliers, penalty: penalty, into: &scratch)
      rotate(scratch, into: &fitted)
      damp(&fitted, target, penalty: penalty)
      rotateBack(fitted, into: &scratch)
      choose(scratch, penalty: penalty, &multipliers, &sparse, &mask)
      guard step.isMultiple(of: Self.stepsBetweenGrowth) else { continue }
      if mask == last, step > Self.stepCountMin { break }
      last = mask
      penalty *= Self.growth
    }
    return mask
  }

  private var sizes: ProductSizes { ProductSizes(rows: outputs, inner: inputs, columns: inputs) }

  /// Changes rows to the basis of the eigenvectors.
  private func rotate(_ rows: [Float], into result: inout [Float]) {
    var target = result.mutableSpan
    multiply(rows.span, eigenvectors.span, sizes: sizes, transposed: .second, into: &target)
  }

  /// Changes rows back from the basis of the eigenvectors.
  private func rotateBack(_ rows: [Float], into result: inout [Float]) {
    var target = result.mutableSpan
    multiply(rows.span, eigenvectors.span, sizes: sizes, into: &target)
  }

  /// Marks the largest magnitudes of each group.
  private func mark(_ values: [Float], into mask: inout [Bool]) {
    let magnitudes = values.map(\.magnitude)
    var marks = mask.mutableSpan
    highestInGroups(magnitudes.span, inputs: inputs, pattern: pattern, into: &marks)
  }

  /// Computes ρ·D − V.
  private func pull(
    _ sparse: [Float], _ multipliers: [Float], penalty: Float, into result: inout [Float]
  ) {
    var target = result.mutableSpan
    let (kept, forces) = (sparse.span, multipliers.span)
    for index in kept.indices { target[index] = penalty * kept[index] - forces[index] }
  }

  /// Computes (aims + rows)·(H + ρ)⁻¹ in the basis of the eigenvectors.
  private func damp(_ rows: inout [Float], _ target: [Float], penalty: Float) {
    var values = rows.mutableSpan
    let (target, eigenvalues) = (target.span, eigenvalues.span)
    for row in stride(from: 0, to: target.count, by: inputs) {
      for column in 0..<inputs {
        let place = row + column
        values[place] = (target[place] + values[place]) / (eigenvalues[column] + penalty)
      }
    }
  }

  /// Chooses the mask of X + V/ρ, sets D to it, and adds ρ·(X − D) to V.
  private func choose(
    _ fitted: [Float], penalty: Float, _ multipliers: inout [Float], _ sparse: inout [Float],
    _ mask: inout [Bool]
  ) {
    let fitted = fitted.span
    do {
      var kept = sparse.mutableSpan
      let forces = multipliers.span
      for index in fitted.indices { kept[index] = fitted[index] + forces[index] / penalty }
    }
    mark(sparse, into: &mask)
    var kept = sparse.mutableSpan
    var forces = multipliers.mutableSpan
    let marks = mask.span
    for index in fitted.indices {
      kept[index] = marks[index] ? kept[index] : 0
      forces[index] += penalty * (fitted[index] - kept[index])
    }
  }
}
