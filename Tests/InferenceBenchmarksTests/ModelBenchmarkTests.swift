import Evaluation
import InferenceBenchmarks
import NetworkArchitectures
import SparsityCore
import Testing

struct ModelBenchmarkTests {
  @Test(arguments: Precision.allCases)
  func `every pattern is measured with every number of threads`(precision: Precision) throws {
    let shape = try TransformerShape(
      imageSize: 8, patchSize: 4, channels: 3, width: 16, depth: 2, heads: 2, hiddenWidth: 32,
      classes: 5)
    let patterns = [NMPattern.dense, NMPattern("2:4"), NMPattern("1:4")].compactMap { $0 }
    let benchmark = try ModelBenchmark(
      architecture: shape, numerics: .detected(precision: precision, forwardBatch: 3),
      repetitions: 1)
    let measurements = benchmark.measure(patterns: patterns, threads: [2, 1])
    #expect(measurements.map(\.threads) == [2, 2, 2, 1, 1, 1])
    #expect(measurements.map(\.pattern) == patterns + patterns)
    #expect(measurements.allSatisfy { $0.imagesPerSecond > 0 && $0.imagesPerSecond.isFinite })
    #expect(measurements.allSatisfy { $0.coreShare > 0 && $0.coreShare.isFinite })
  }
}
