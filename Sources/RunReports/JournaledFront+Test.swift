import Evaluation
import ImageData
import ProcessLimits
import RunFiles
import RunPreparation
import RunStorage

extension JournaledFront {
  /// Returns the front with test accuracies; measures and keeps those that are not known yet.
  ///
  /// - Parameter threads: The evaluation threads; one a core without a number.
  package func measuringTest(threads: Int?, observer: WorkObserver) throws -> FrontReport {
    let runFile = try RunFile(path: directory.runFile)
    guard let testPath = RunImagePacker.testPath(of: runFile, in: directory) else {
      try keep(front, observer)
      return front
    }
    var front = front
    let unknown = front.points.indices.filter { front.points[$0].testAccuracy == nil }
    if !unknown.isEmpty {
      let evaluation = try testEvaluation(runFile, testPath: testPath, threads: threads)
      try observer.observing(unit: "members measured on the test set") { progress in
        for (done, index) in unknown.enumerated() {
          progress(done, unknown.count)
          let genome = try genome(of: front.points[index])
          front.points[index].testAccuracy = try evaluation.measure(genome).top1
        }
      }
    }
    try keep(front, observer)
    return front
  }

  /// Keeps the front in the run directory, unless a coordinator works there and keeps its own.
  private func keep(_ front: FrontReport, _ observer: WorkObserver) throws {
    do {
      let locked = try LockedRunDirectory(directory)
      try locked.write(front.encoded(), to: directory.front)
    } catch RunStorageError.inUse {
      observer.notified("Not kept in \(directory.front), since a coordinator works on the run.")
    }
  }

  private func testEvaluation(
    _ runFile: RunFile, testPath: String, threads: Int?
  ) throws -> ModelEvaluation {
    let model = try model(runFile)
    let threads = threads ?? AllowedProcessors.current.count
    let bank = try bank(of: model, threads: threads)
    return try ModelEvaluation(
      model: model, bank: bank, images: ImageSet(packedFile: testPath),
      numerics: InferenceNumerics(description.numerics), threads: threads)
  }
}
