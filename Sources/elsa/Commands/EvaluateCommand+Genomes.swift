import Evaluation
import Foundation
import RunFiles
import SparsityCore

extension EvaluateCommand {
  /// What was measured of a genome; its names are the fields of the JSON.
  private struct Line: Encodable {
    /// The line of the file, from 1.
    let line: Int
    let correctCount: Int
    let meanLoss: Double
    /// The bits of the images, in hexadecimal digits as evaluators from outside write them.
    let correct: String
    let losses: [Double]
  }

  /// Measures every genome of a file.
  func measureAll(of file: String, of loaded: LoadedModel) throws {
    let layers = loaded.weights.network.prunableLayers
    var found: [(line: Int, patterns: [NMPattern])] = []
    let lines = try TextFile.text(of: file).split(separator: "\n", omittingEmptySubsequences: false)
    for (index, text) in lines.enumerated() where !text.allSatisfy(\.isWhitespace) {
      let place = "\(file):\(index + 1)"
      let genome = try GenomeFile(json: Data(text.utf8), file: place)
      try genome.check(isOf: loaded.configuration.name, file: place)
      found.append((index + 1, try genome.assignment(for: layers, file: place)))
    }
    guard !found.isEmpty else { throw CommandFailure("\(file) holds no genome") }
    let bank =
      try pruning.bank.map { try PruningOptions.storedBank($0, of: loaded) }
      ?? loaded.weightBank(
        space: SearchSpace(
          layers: layers, patterns: Set(found.flatMap(\.patterns)).sorted()),
        threads: images.threadCount)
    let (set, _) = try images.load(
      data, preprocessing: images.preprocessing(of: loaded.configuration),
      classes: classMap.classes(count: loaded.weights.network.classes))
    let numerics = InferenceNumerics.best(for: loaded.weights.network, precision: precision)
    let evaluator = try Evaluator(
      model: loaded, bank: bank, images: set, numerics: numerics, threads: images.threadCount)
    let progress = SharedProgress()
    for (done, entry) in found.enumerated() {
      guard let genome = bank.space.genome(choosing: entry.patterns.map { .pattern($0) }) else {
        throw CommandFailure("\(file):\(entry.line) has a pattern that the bank has not")
      }
      let measured = try evaluator.evaluate(
        genome: genome, imageIndices: Array(0..<set.count))
      try Output.jsonLine(
        Line(
          line: entry.line, correctCount: measured.correct.populationCount,
          meanLoss: measured.summedLoss / Double(measured.count),
          correct: measured.correct.bytes.map { String(format: "%02x", $0) }.joined(),
          losses: measured.losses))
      progress.show(done: done + 1, total: found.count, unit: "genomes")
    }
    progress.finish()
  }
}
