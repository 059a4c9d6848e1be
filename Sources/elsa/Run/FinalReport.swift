import Evaluation
import Foundation
import ImageData
import ProcessLimits
import RunFiles
import RunStorage
import SparsityCore

/// What a finished run shows: its front, with the accuracy on images the search has not seen.
struct FinalReport {
  /// The run's folder.
  let directory: RunDirectory
  /// The evaluation threads.
  let threads: Int

  /// Measures the test set, keeps the front in the run directory and prints it.
  func print(json: Bool) throws {
    let front = try JournaledFront(directory: directory).measuringTest(threads: threads)
    if json { try Output.json(front) } else { front.lines.forEach(Output.result) }
    // The table is for a reader who may be a program; this is for a person.
    if let words = front.quarantineWords { Output.note("Attention: \(words)") }
  }
}

extension JournaledFront {
  /// Returns the front with test accuracies; measures and keeps those that are not known yet.
  func measuringTest(threads: Int?) throws -> FrontReport {
    let runFile = try PreparedRun.read(directory.runFile)
    guard let testPath = RunImagePacker.testPath(of: runFile, in: directory) else {
      try keep(front)
      return front
    }
    var front = front
    let unknown = front.points.indices.filter { front.points[$0].testAccuracy == nil }
    if !unknown.isEmpty {
      let evaluation = try testEvaluation(runFile, testPath: testPath, threads: threads)
      let progress = SharedProgress()
      for (done, index) in unknown.enumerated() {
        progress.show(done: done, total: unknown.count, unit: "members measured on the test set")
        let genome = try genome(of: front.points[index])
        front.points[index].testAccuracy = try evaluation.measure(genome).top1
      }
      progress.finish()
    }
    try keep(front)
    return front
  }

  /// Keeps the front in the run directory, unless a coordinator works there and keeps its own.
  private func keep(_ front: FrontReport) throws {
    do {
      let locked = try LockedRunDirectory(directory)
      try locked.write(front.encoded(), to: directory.front)
    } catch RunStorageError.inUse {
      Output.note("Not kept in \(directory.front), since a coordinator works on the run.")
    }
  }

  private func testEvaluation(
    _ runFile: RunFile, testPath: String, threads: Int?
  ) throws -> ModelEvaluation {
    let model = try model(runFile)
    let threads = threads ?? AllowedProcessors.current.count
    let bank = try bank(of: model, runFile, threads: threads)
    return try ModelEvaluation(
      model: model, bank: bank, images: ImageSet(packedFile: testPath),
      numerics: description.numerics,
      threads: threads)
  }
}
