import Dispatch
import Evaluation
import Foundation
import ImageData
import ModelFiles
import Pruning
import SparseKernels
import SparsityCore
import Synchronization
import Testing
import TestSupport

/// The digits of a split.
func digits(_ split: String) throws -> ImageSet {
  try ImageSet(packedFile: "\(Checkout.demoData)/\(split).safetensors")
}

/// Patterns by their usual notation.
func patterns(_ texts: String...) throws -> [NMPattern] {
  try texts.map { try #require(NMPattern($0)) }
}

/// An evaluator of a digits model over 1:4, 2:4, 3:4 and 4:4.
func digitsEvaluator(
  _ model: LoadedModel, split: String = "search", forwardBatch: Int = 8, threads: Int = 2,
  slots: Int = 1
) throws -> Evaluator {
  let space = model.searchSpace(patterns: try patterns("1:4", "2:4", "3:4", "4:4"))
  return try Evaluator(
    model: model, bank: model.weightBank(space: space, threads: 2),
    images: digits(split),
    numerics: InferenceNumerics(precision: .f32, forwardBatch: forwardBatch), threads: threads,
    slots: slots)
}

/// A genome that has another level in each layer.
private let mixedGenome = Genome(genes: (0..<24).map { UInt8($0 * 7 % 5 % 4) })

@Suite(.timeLimit(.minutes(20))) struct EvaluatorTests {
  /// The table of the data's description: correct of 450 by PyTorch, from 1:4 to dense.
  @Test(arguments: [
    ("dense", "search", [103, 426, 445, 444]), ("dense", "test", [114, 416, 445, 447]),
    ("supernet", "search", [445, 447, 446, 447]), ("supernet", "test", [446, 447, 447, 446]),
  ])
  func `the digits models count what PyTorch counts`(
    model: String, split: String, expected: [Int]
  ) throws {
    let evaluator = try digitsEvaluator(digitsModel(model), split: split)
    for (level, correct) in expected.enumerated() {
      let measurements = try evaluator.evaluate(
        genome: Genome(uniform: level, count: 24), imageIndices: Array(0..<450))
      #expect(abs(measurements.correct.populationCount - correct) <= 1)
      #expect(measurements.top5Correct.populationCount >= measurements.correct.populationCount)
      #expect(measurements.losses.count == 450)
      #expect(measurements.losses.allSatisfy { $0 >= 0 })
    }
  }

  @Test(arguments: [1, 3, 4, 7])
  func `the number of threads does not change a bit`(forwardBatch: Int) throws {
    let model = try digitsModel()
    let slice = Array(stride(from: 449, to: 200, by: -2))
    let results = try (1...4).map { threads in
      try digitsEvaluator(model, forwardBatch: forwardBatch, threads: threads)
        .evaluate(genome: mixedGenome, imageIndices: slice)
    }
    #expect(results.dropFirst().allSatisfy { $0 == results[0] })
    #expect(results[0].count == slice.count)
    #expect(results[0].summedLoss > 0)
  }

  @Test func `a slice cut at forward batches gives the same bits`() throws {
    let evaluator = try digitsEvaluator(digitsModel(), forwardBatch: 8)
    let slice = Array(100..<230)
    let whole = try evaluator.evaluate(genome: mixedGenome, imageIndices: slice)
    for cut in [8, 64, 128] {
      let first = try evaluator.evaluate(
        genome: mixedGenome, imageIndices: Array(slice[..<cut]))
      let second = try evaluator.evaluate(
        genome: mixedGenome, imageIndices: Array(slice[cut...]))
      #expect(first.losses + second.losses == whole.losses)
      for index in slice.indices {
        let part = index < cut ? first.correct[index] : second.correct[index - cut]
        #expect(part == whole.correct[index])
      }
    }
  }

  @Test func `a process that is held to the baseline counts the same`() async {
    await #expect(processExitsWith: .success) {
      let model = try digitsModel()
      let bank = try model.weightBank(
        space: model.searchSpace(patterns: [.dense]), threads: 1)
      let baseline = InferenceNumerics(
        precision: .f32, instructionSet: .baseline, forwardBatch: 8)
      let evaluator = try Evaluator(
        model: model, bank: bank, images: digits("search"), numerics: baseline, threads: 2)
      let measurements = try evaluator.evaluate(
        genome: Genome(uniform: 0, count: 24), imageIndices: Array(0..<450))
      #expect(abs(measurements.correct.populationCount - 444) <= 1)
    }
  }

  @Test func `an empty slice is measured at once`() throws {
    let measurements = try digitsEvaluator(digitsModel()).evaluate(
      genome: mixedGenome, imageIndices: [])
    #expect(measurements.count == 0)
    #expect(measurements.summedLoss == 0)
  }

  @Test func `measurements follow the order of the slice`() throws {
    let evaluator = try digitsEvaluator(digitsModel(), forwardBatch: 1)
    let slice = [5, 9, 5, 300]
    let measurements = try evaluator.evaluate(genome: mixedGenome, imageIndices: slice)
    for (place, image) in slice.enumerated() {
      let alone = try evaluator.evaluate(genome: mixedGenome, imageIndices: [image])
      #expect(alone.losses == [measurements.losses[place]])
    }
  }

  @Test func `a cancelled evaluation stops between batches and leaves the evaluator usable`()
    throws
  {
    let evaluator = try digitsEvaluator(digitsModel(), forwardBatch: 1)
    let asked = AskCounter()
    #expect(throws: EvaluationError.cancelled) {
      _ = try evaluator.evaluate(genome: mixedGenome, imageIndices: Array(0..<450)) {
        asked.increment() > 10
      }
    }
    // Each of the two threads asks once more at most after the first refusal.
    #expect((11...13).contains(asked.count))
    let after = try evaluator.evaluate(genome: mixedGenome, imageIndices: Array(0..<8))
    #expect(after.count == 8)
  }

  @Test(arguments: [(2, 1), (3, 2), (4, 4)])
  func `callers on several threads take turns, or a slot each`(threads: Int, slots: Int) throws {
    let evaluator = try digitsEvaluator(digitsModel(), threads: threads, slots: slots)
    let alone = try (0..<4).map { level in
      try evaluator.evaluate(
        genome: Genome(uniform: level, count: 24), imageIndices: Array(0..<100))
    }
    let together = Mutex([ImageMeasurements?](repeating: nil, count: 4))
    DispatchQueue.concurrentPerform(iterations: 4) { level in
      let measurements = try? evaluator.evaluate(
        genome: Genome(uniform: level, count: 24), imageIndices: Array(0..<100))
      together.withLock { $0[level] = measurements }
    }
    #expect(together.withLock { $0 } == alone)
  }

  @Test func `two slots measure two slices at once`() throws {
    let evaluator = try digitsEvaluator(digitsModel(), threads: 2, slots: 2)
    let begun = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let meetings = Mutex(0)
    // Each waits in its first batch until the other one has begun; in one slot that is never.
    @Sendable func meet(_ mine: DispatchSemaphore, _ other: DispatchSemaphore) {
      mine.signal()
      let met = other.wait(timeout: .now() + .seconds(60)) == .success
      meetings.withLock { $0 += met ? 1 : 0 }
    }
    let (first, second) = begun
    DispatchQueue.concurrentPerform(iterations: 2) { index in
      let isFirstBatch = Mutex(true)
      _ = try? evaluator.evaluate(genome: mixedGenome, imageIndices: Array(0..<8)) {
        let isFirst = isFirstBatch.withLock { isFirst in
          defer { isFirst = false }
          return isFirst
        }
        if isFirst { index == 0 ? meet(first, second) : meet(second, first) }
        return false
      }
    }
    #expect(meetings.withLock { $0 } == 2)
  }

  @Test func `a model that overflows is an error, not a wrong answer`() throws {
    let folder = try TemporaryFolder()
    try writeDigitsModel(to: folder) { tensors in
      for name in ["norm.weight", "head.weight"] {
        let scaled = tensors[name]?.values.map { $0 * 1e37 }
        tensors[name]?.values = scaled ?? []
      }
    }
    let evaluator = try digitsEvaluator(LoadedModel(path: folder.path))
    let error = #expect(throws: EvaluationError.self) {
      _ = try evaluator.evaluate(genome: mixedGenome, imageIndices: [3])
    }
    #expect(error == .logitsNotFinite(image: 3))
  }

  @Test func `a genome of another space is refused`() throws {
    let evaluator = try digitsEvaluator(digitsModel())
    for genes in [[UInt8](repeating: 4, count: 24), [UInt8](repeating: 0, count: 23)] {
      #expect(throws: EvaluationError.genomeNotInSpace(genes: genes)) {
        _ = try evaluator.evaluate(genome: Genome(genes: genes), imageIndices: [0])
      }
    }
  }

  @Test(arguments: [-1, 450])
  func `an image that the set does not have is refused`(image: Int) throws {
    let evaluator = try digitsEvaluator(digitsModel())
    #expect(throws: EvaluationError.imageOutOfRange(image: image, count: 450)) {
      _ = try evaluator.evaluate(genome: mixedGenome, imageIndices: [0, image])
    }
  }

  @Test func `images of another size or class than the model's are refused`() throws {
    let model = try digitsModel()
    let bank = try model.weightBank(
      space: model.searchSpace(patterns: [.dense]), threads: 1)
    for (side, label) in [(9, 0), (8, 10)] {
      let size = ImageSize(height: side, width: side, channels: 1)
      let images = ImageSet(
        name: "made up", imageSize: size,
        images: [[UInt8](repeating: 0, count: size.pixelCount)], labels: [label])
      let error = #expect(throws: EvaluationError.self) {
        _ = try Evaluator(
          model: model, bank: bank, images: images, numerics: InferenceNumerics(precision: .f32),
          threads: 1)
      }
      #expect(error?.description.contains("made up") == true)
    }
  }
}

/// Counts calls from several threads.
private final class AskCounter: Sendable {
  private let value = Mutex(0)

  var count: Int { value.withLock { $0 } }

  func increment() -> Int {
    value.withLock { value in
      value += 1
      return value
    }
  }
}
