import Evaluation
import ImageData
import ProcessLimits
import RunFiles
import RunPreparation
import RunStorage

extension JournaledFront {
  /// Returns the front with the accuracies on held-out sets; measures and keeps those that are not
  /// known yet.
  ///
  /// - Parameter threads: The evaluation threads; one a core without a number.
  package func measuringHeldOut(threads: Int?, observer: WorkObserver) throws -> FrontReport {
    let runFile = try RunFile(path: directory.runFile)
    var front = front
    for set in HeldOutSet.allCases {
      guard let path = RunImagePacker.path(of: set, of: runFile, in: directory) else { continue }
      try measure(set, at: path, of: &front, runFile, threads: threads, observer)
    }
    front = front.comparingConfirmed()
    try keep(front, observer)
    return front
  }

  private func measure(
    _ set: HeldOutSet, at path: String, of front: inout FrontReport, _ runFile: RunFile,
    threads: Int?, _ observer: WorkObserver
  ) throws {
    let unknown = front.points.indices.filter { front.points[$0][keyPath: set.accuracy] == nil }
    let dense = set == .confirm && front.denseConfirmAccuracy == nil ? denseGenome : nil
    guard !unknown.isEmpty || dense != nil else { return }
    let evaluation = try evaluation(runFile, on: path, threads: threads)
    if let dense { front.denseConfirmAccuracy = try evaluation.measure(dense).top1 }
    try observer.observing(unit: "members measured on the \(set.rawValue) set") { progress in
      for (done, index) in unknown.enumerated() {
        progress(done, unknown.count)
        let totals = try evaluation.measure(try genome(of: front.points[index]))
        front.points[index][keyPath: set.accuracy] = totals.top1
        if set == .confirm {
          front.points[index].confirmAccuracyInterval = ConfidenceInterval(
            ofProportion: totals.correct, of: totals.images)
        }
      }
    }
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

  private func evaluation(
    _ runFile: RunFile, on path: String, threads: Int?
  ) throws -> ModelEvaluation {
    let model = try model(runFile)
    let threads = threads ?? AllowedProcessors.current.count
    let bank = try bank(of: model, threads: threads)
    return try ModelEvaluation(
      model: model, bank: bank, images: ImageSet(packedFile: path),
      numerics: InferenceNumerics(description.numerics), threads: threads)
  }
}
