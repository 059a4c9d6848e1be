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
      architecture: shape, numerics: InferenceNumerics(precision: precision, forwardBatch: 3),
      repetitions: 1)
    var measurements: [ModelMeasurement] = []
    let elapsed = ContinuousClock().measure {
      measurements = benchmark.measure(patterns: patterns, threads: [2, 1])
    }
    #expect(measurements.map(\.threads) == [2, 2, 2, 1, 1, 1])
    #expect(measurements.map(\.pattern) == patterns + patterns)
    for measurement in measurements {
      // A pass over three images fits into the time of all of them.
      #expect((3 / (elapsed / .seconds(1))..<1e8).contains(measurement.imagesPerSecond))
      #expect((1e-6..<1.5).contains(measurement.coreShare), "\(measurement.coreShare)")
    }
  }
}
