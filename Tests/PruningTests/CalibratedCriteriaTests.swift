import Pruning
import SparsityCore
import Testing

/// Returns statistics of random rows whose inputs depend on each other.
private func correlated(
  inputs: Int, rows: Int, generator: inout SeededGenerator
) -> InputStatistics {
  var values: [Double] = []
  for _ in 0..<rows {
    let common = generator.unitInterval() - 0.5
    for input in 0..<inputs {
      values.append((generator.unitInterval() - 0.5 + common) * Double(1 + input % 5))
    }
  }
  var statistics = InputStatistics(inputs: inputs)
  statistics.add(rows: values.span)
  return statistics
}

/// Returns a layer of random weights.
private func layer(outputs: Int, inputs: Int, generator: inout SeededGenerator) -> LayerMatrix {
  LayerMatrix(
    outputs: outputs, inputs: inputs,
    values: (0..<outputs * inputs).map { _ in generator.unitInterval() - 0.5 })
}

struct CalibratedCriteriaTests {
  let golden: GoldenFile
  let weights: LayerMatrix
  let statistics: InputStatistics

  init() throws {
    golden = try GoldenFile(named: "pruning_golden.safetensors")
    let weight = try #require(golden.arrays["weight"])
    weights = LayerMatrix(
      outputs: weight.shape[0], inputs: weight.shape[1], values: weight.values)
    let inputs = try #require(golden.arrays["inputs"])
    var statistics = InputStatistics(inputs: inputs.shape[1])
    statistics.add(rows: inputs.values.span)
    self.statistics = statistics
  }

  @Test(arguments: ["1:4", "2:4", "4:8"])
  func `Wanda's masks are those of the reference`(text: String) throws {
    let pattern = try #require(NMPattern(text))
    let expected = try #require(
      golden.arrays["wanda_mask_\(pattern.kept)of\(pattern.groupSize)"]
    ).values.map { $0 != 0 }
    #expect(wandaMask(weights: weights, statistics: statistics, pattern: pattern) == expected)
  }

  @Test(arguments: ["1:4", "2:4", "4:8"])
  func `SparseGPT's masks and weights are those of the reference`(text: String) throws {
    let pattern = try #require(NMPattern(text))
    let name = "\(pattern.kept)of\(pattern.groupSize)"
    let mask = try #require(golden.arrays["sparsegpt_mask_\(name)"]).values.map { $0 != 0 }
    let expected = try #require(golden.arrays["sparsegpt_\(name)"]).values
    let method = try #require(SparseGPT(statistics: statistics))
    let found = method.prune(weights, pattern: pattern)
    #expect(found.mask == mask)
    for (value, reference) in zip(found.weights.values, expected) {
      #expect(abs(value - reference) < 1e-8)
    }
  }

  @Test func `statistics of parts add up to those of the whole`() throws {
    let rows = try #require(golden.arrays["inputs"]).values
    var first = InputStatistics(inputs: weights.inputs)
    var second = first
    first.add(rows: Array(rows[..<(64 * 100)]).span)
    second.add(rows: Array(rows[(64 * 100)...]).span)
    first.add(second)
    #expect(first.rowCount == statistics.rowCount)
    for (value, whole) in zip(first.gram, statistics.gram) {
      #expect(abs(value - whole) <= 1e-12 * max(1, abs(whole)))
    }
  }

  @Test(arguments: ["1:4", "2:4", "3:4", "4:8"])
  func `reconstruction loses less than SparseGPT, and that less than Wanda`(text: String) throws {
    let pattern = try #require(NMPattern(text))
    let wanda = weights.masked(
      by: wandaMask(weights: weights, statistics: statistics, pattern: pattern))
    let sparseGPT = try #require(SparseGPT(statistics: statistics)).prune(
      weights, pattern: pattern
    ).weights
    let reconstructed = try #require(
      Reconstruction(statistics: statistics, ridge: 1e-4)
    ).prune(weights, pattern: pattern)
    let errors = [reconstructed, sparseGPT, wanda].map {
      outputError(of: $0, original: weights, statistics: statistics)
    }
    #expect(errors == errors.sorted())
    #expect(errors[0] < 0.9 * errors[1])
  }

  @Test(arguments: ["1:4", "2:4", "3:4", "5:16"], UInt64(0)..<3)
  func `no change of a kept weight lowers the error of a fit`(text: String, seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let pattern = try #require(NMPattern(text))
    let own = layer(outputs: 3, inputs: 22, generator: &generator)
    let statistics = correlated(inputs: 22, rows: 200, generator: &generator)
    let method = try #require(
      Reconstruction(statistics: statistics, ridge: 1e-9))
    let mask = method.mask(of: own, pattern: pattern)
    for output in 0..<3 {
      for start in stride(from: 0, to: 22, by: pattern.groupSize) {
        let end = min(start + pattern.groupSize, 22)
        let kept = (start..<end).filter { mask[output * 22 + $0] }
        #expect(kept.count == min(pattern.kept, end - start))
      }
    }
    let fitted = method.fit(own, mask: mask)
    let best = outputError(of: fitted, original: own, statistics: statistics)
    for index in mask.indices {
      if !mask[index] {
        #expect(fitted.values[index] == 0)
        continue
      }
      for step in [-0.05, 0.05] {
        var other = fitted
        other.values[index] += step
        #expect(outputError(of: other, original: own, statistics: statistics) > best)
      }
    }
  }

  @Test func `inputs that are zero, equal or seen once are no trouble`() throws {
    var generator = SeededGenerator(seed: 3)
    let own = layer(outputs: 4, inputs: 16, generator: &generator)
    let pattern = try #require(NMPattern("2:4"))
    let one = (0..<16).map { $0 % 3 == 0 ? 0.0 : 1.5 }
    let zeros = [Double](repeating: 0, count: 32)
    for rows in [one, one + one, zeros] {
      var statistics = InputStatistics(inputs: 16)
      statistics.add(rows: rows.span)
      let results = [
        try #require(SparseGPT(statistics: statistics)).prune(own, pattern: pattern).weights,
        try #require(Reconstruction(statistics: statistics)).prune(
          own, pattern: pattern),
      ]
      for result in results {
        #expect(result.values.allSatisfy { $0.isFinite })
        for start in stride(from: 0, to: result.values.count, by: 4) {
          #expect(result.values[start..<start + 4].count { $0 != 0 } <= 2)
        }
        let error = outputError(of: result, original: own, statistics: statistics)
        #expect(error < 1.001)
      }
    }
  }

  @Test func `a fit makes up for inputs that earlier layers have changed`() throws {
    var generator = SeededGenerator(seed: 5)
    let own = layer(outputs: 4, inputs: 12, generator: &generator)
    let pattern = try #require(NMPattern("2:4"))
    // What arrives is the target, doubled.
    let targets = (0..<12 * 300).map { _ in generator.unitInterval() - 0.5 }
    let rows = targets.map { 2 * $0 }
    var plain = InputStatistics(inputs: 12)
    plain.add(rows: targets.span)
    var changed = InputStatistics(inputs: 12, hasTargets: true)
    changed.add(rows: Array(rows[..<120]).span, targets: Array(targets[..<120]).span)
    var rest = InputStatistics(inputs: 12, hasTargets: true)
    rest.add(rows: Array(rows[120...]).span, targets: Array(targets[120...]).span)
    changed.add(rest)
    let expected = try #require(Reconstruction(statistics: plain, ridge: 0)).prune(
      own, pattern: pattern)
    let found = try #require(Reconstruction(statistics: changed, ridge: 0)).prune(
      own, pattern: pattern)
    for (value, reference) in zip(found.values, expected.values) {
      #expect(abs(value - reference / 2) < 1e-9)
    }
  }

  @Test func `inputs that are not finite are refused`() {
    var statistics = InputStatistics(inputs: 4)
    let rows = [1.0, 2, .nan, 4]
    statistics.add(rows: rows.span)
    #expect(!statistics.isFinite)
    #expect(SparseGPT(statistics: statistics) == nil)
    #expect(Reconstruction(statistics: statistics) == nil)
  }
}
