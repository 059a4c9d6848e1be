import InferenceBenchmarks
import SparseKernels
import SparsityCore
import Testing

struct KernelBenchmarkTests {
  @Test func `figures follow from times`() throws {
    let measurement = KernelMeasurement(
      tokens: 100, inputs: 10, outputs: 50, precision: .f32,
      pattern: try #require(NMPattern("1:4")), variant: .scalar, seconds: 0.25, denseSeconds: 0.5,
      peakMultiplyAddsPerSecond: 120_000)
    // A dense product takes 50 000 multiply-adds; of 10 inputs two groups of 4 and a rest keep 3.
    #expect(measurement.gflops == 2e-9 * 50_000 / 0.25)
    #expect(measurement.denseGflops == 2e-9 * 50_000 / 0.5)
    #expect(measurement.ratioToDense == 2)
    #expect(measurement.shareOfPeak == 15_000 / 0.25 / 120_000)
    #expect(measurement.usedForm == .dense, "the scalar kernels are references")
  }

  @Test(arguments: Precision.allCases)
  func `each pattern of a layer is measured`(precision: Precision) throws {
    let best = KernelVariant.best(within: .detected)
    let patterns = [NMPattern("2:4"), NMPattern("3:8")].compactMap { $0 }
    let benchmark = try KernelBenchmark(
      precision: precision, variant: best, tokens: 3, repetitions: 1)
    let layer = PrunableLayer(name: "blocks.0.attn.qkv", inputs: 20, outputs: 17)
    var measurements: [KernelMeasurement] = []
    let elapsed = ContinuousClock().measure {
      measurements = benchmark.measure(layer, patterns: patterns)
    }
    #expect(measurements.map(\.pattern) == patterns)
    for measurement in measurements {
      #expect([measurement.tokens, measurement.inputs, measurement.outputs] == [3, 20, 17])
      #expect(measurement.variant == best)
      #expect(measurement.precision == precision)
      // No core multiplies a thousand products of this size within a microsecond.
      #expect((1e-9..<elapsed / .seconds(1)).contains(measurement.seconds))
      #expect((1e-9..<elapsed / .seconds(1)).contains(measurement.denseSeconds))
      #expect((1e6..<1e13).contains(measurement.peakMultiplyAddsPerSecond))
    }
  }
}
