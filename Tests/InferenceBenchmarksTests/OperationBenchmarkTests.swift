import InferenceBenchmarks
import NetworkArchitectures
import SparseKernels
import SparsityCore
import Testing

struct OperationBenchmarkTests {
  @Test(arguments: Precision.allCases)
  func `every operation of a model is measured in both precisions`(precision: Precision) throws {
    let shape = try TransformerShape(
      imageSize: 8, patchSize: 4, channels: 1, width: 8, depth: 1, heads: 2, hiddenWidth: 24,
      classes: 4)
    let variant = KernelVariant.best(within: .detected)
    let benchmark = OperationBenchmark(precision: precision, variant: variant, repetitions: 1)
    var measurements: [OperationMeasurement] = []
    let elapsed = ContinuousClock().measure {
      measurements = benchmark.measure(shape.network.blocks[0])
    }
    #expect(measurements.map(\.operation) == RowOperation.allCases)
    #expect(measurements.map(\.values) == [5 * 8, 5 * 8, 5 * 24])
    for measurement in measurements {
      #expect(measurement.precision == precision)
      #expect(measurement.variant == variant)
      #expect((1e-9..<elapsed / .seconds(1)).contains(measurement.seconds))
      #expect((measurement.shareOfPeak != nil) == (measurement.operation == .attention))
    }
  }
}
