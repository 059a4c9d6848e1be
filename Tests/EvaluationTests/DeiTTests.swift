import Evaluation
import Foundation
import ImageData
import ModelFiles
import Pruning
import SparsityCore
import Testing
import TestSupport

/// Counts on real images; in debug builds they would take half an hour.
@Suite(
  .needsSharedData("deit_tiny_patch16_224/model.safetensors", "imagenet-val-650/labels.txt"),
  .enabled(if: isReleaseBuild, "needs a release build"))
struct DeiTTests {
  /// The table of the data's description, by PyTorch on the same files.
  @Test func `DeiT-Tiny counts what PyTorch counts, and bf16 nearly the same`() throws {
    let model = try LoadedModel(path: SharedData.path("deit_tiny_patch16_224"))
    let space = model.searchSpace(patterns: try patterns("2:4", "4:8", "3:4", "6:8", "4:4"))
    let images = try loadImages(
      path: SharedData.path("imagenet-val-650"),
      preprocessing: model.configuration.preprocessing.withoutResize, classes: nil, threads: 2
    ).set
    let bank = try model.weightBank(space: space, threads: 2)
    let evaluator = try Evaluator(
      model: model, bank: bank, images: images, numerics: InferenceNumerics(precision: .f32),
      threads: 2)
    let rounding = try Evaluator(
      model: model, bank: bank, images: images, numerics: InferenceNumerics(precision: .bf16),
      threads: 2)
    for row in try rows() {
      let genome = try #require(
        space.genome(
          choosing: Array(repeating: .pattern(row.pattern), count: space.decisions.count)))
      let measurements = try evaluator.evaluate(genome: genome, imageIndices: Array(0..<650))
      let top1 = measurements.correct.populationCount
      let top5 = measurements.top5Correct.populationCount
      let meanLoss = measurements.summedLoss / 650
      #expect(abs(top1 - row.top1) <= 1, "\(row.pattern): \(top1) correct")
      #expect(abs(top5 - row.top5) <= 1, "\(row.pattern): \(top5) among the first five")
      #expect(abs(meanLoss - row.meanLoss) <= 1e-3, "\(row.pattern): mean loss \(meanLoss)")
      guard [NMPattern("4:4"), NMPattern("3:4")].contains(row.pattern) else { continue }
      let rounded = try rounding.evaluate(genome: genome, imageIndices: Array(0..<650))
      let otherwise = (0..<650).count { measurements.correct[$0] != rounded.correct[$0] }
      #expect(otherwise <= 3, "\(row.pattern): \(otherwise) images are judged otherwise in bf16")
      #expect(rounded.summedLoss != measurements.summedLoss)
    }
  }

  private func rows() throws -> [(pattern: NMPattern, top1: Int, top5: Int, meanLoss: Double)] {
    try [
      ("4:4", 538, 621, 0.8000), ("6:8", 531, 619, 0.8541), ("3:4", 507, 619, 0.9384),
      ("4:8", 307, 494, 2.4865), ("2:4", 189, 374, 3.4034),
    ].map { (try #require(NMPattern($0.0)), $0.1, $0.2, $0.3) }
  }
}
