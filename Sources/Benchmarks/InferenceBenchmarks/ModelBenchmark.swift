import Evaluation
import NetworkArchitectures
import SparseKernels
import SparsityCore
import VisionTransformers

/// How fast a model is in one pattern and with one number of threads.
package struct ModelMeasurement: Hashable, Sendable {
  /// The pattern of every prunable layer.
  package let pattern: NMPattern
  /// The threads that worked at the same time.
  package let threads: Int
  /// The images of all threads in a second.
  package let imagesPerSecond: Double
  /// The share of their cores' time that the threads got, in 0…1: less where others had it.
  package let coreShare: Double
}

/// Measures forward passes of a model with random weights.
package struct ModelBenchmark {
  private let model: RandomModel
  private let packed: any PackedNetwork
  private let numerics: InferenceNumerics
  private let alternation: Alternation

  /// Draws a model of an architecture and applies the numerics to this process.
  ///
  /// - Parameter repetitions: How many measurements a median is taken of.
  /// - Throws: `EvaluationError` if this machine or version cannot compute so, and `ModelError` if
  ///   the architecture has no forward pass.
  package init(
    architecture: any NetworkArchitecture, numerics: InferenceNumerics, repetitions: Int
  ) throws {
    try numerics.apply()
    self.model = RandomModel(architecture: architecture, seed: 1)
    self.packed = try model.weights.packed(
      precision: numerics.precision, variant: .best(within: numerics.instructionSet))
    self.numerics = numerics
    self.alternation = Alternation(repetitions: repetitions, secondsMin: 0.1)
  }

  /// Measures every pattern with every number of threads, in turns.
  ///
  /// - Precondition: 1 to 255 patterns, none twice; thread counts are positive.
  package func measure(patterns: [NMPattern], threads: [Int]) -> [ModelMeasurement] {
    let layers = model.layers(in: patterns, of: packed)
    let passes = makeThreads(count: threads.max() ?? 1)
    let cases = threads.flatMap { count in patterns.indices.map { (count, $0) } }
    let sides = cases.map { count, index in
      { (runs: Int) in passes.seconds(of: runs, threads: count, layers: layers[index]) }
    }
    let seconds = alternation.medianSeconds(of: sides)
    return zip(cases, seconds).map { entry, seconds in
      let (count, index) = entry
      return ModelMeasurement(
        pattern: patterns[index], threads: count,
        imagesPerSecond: Double(count * numerics.forwardBatch) / seconds,
        coreShare: passes.coreShare(threads: count))
    }
  }

  /// Starts threads that all look at the same random images.
  private func makeThreads(count: Int) -> PassThreads {
    let (model, numerics) = (model, numerics)
    var generator = SeededGenerator(seed: 2)
    let size = numerics.forwardBatch * model.weights.network.input.valueCount
    let pixels = (0..<size).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    let packed = packed
    return PassThreads(count: count, pixels: pixels, batch: numerics.forwardBatch) {
      packed.makePass(
        normalization: model.normalization, batchMax: numerics.forwardBatch)
    }
  }
}
