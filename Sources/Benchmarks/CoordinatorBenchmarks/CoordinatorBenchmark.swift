import Coordination
import CoordinatorService
import Foundation
import RunStorage
import WireProtocol

/// How many evaluations a second a coordinator works off, and how long workers take to join.
///
/// Everything but the evaluations is real: sockets, encryption, the journal on disk, asking and
/// telling a random search. One evaluation is one shard whose result is journaled.
package struct CoordinatorBenchmark: Sendable {
  /// The workers that the load brings.
  package let workerCount: Int
  /// The evaluations of the run.
  package let evaluationCount: Int
  /// Whether connections are encrypted (CURVE).
  package let isEncrypted: Bool
  /// Where the journal lies while the run lasts.
  package let directory: RunDirectory
  /// Files that workers fetch meanwhile.
  package var inputs: [ServedInput] = []

  /// The configuration of the model that the run is about, as a run directory has it.
  package static let modelConfiguration = """
    {"architecture": "deit_tiny_patch16_224", "num_classes": 1000,
     "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
     "interpolation": "bicubic", "crop_pct": 0.9}
    """

  package init(
    workerCount: Int, evaluationCount: Int, isEncrypted: Bool, directory: RunDirectory
  ) {
    precondition(workerCount > 0)
    precondition(evaluationCount > 0)
    self.workerCount = workerCount
    self.evaluationCount = evaluationCount
    self.isEncrypted = isEncrypted
    self.directory = directory
  }

  /// Runs the coordinator on this thread until the evaluations are done.
  ///
  /// - Parameters:
  ///   - startLoad: starts processes that run ``CoordinatorLoad`` with a connection file.
  ///   - isLoadAlive: whether one of them still runs; without any the run ends.
  ///   - progress: is given the evaluations so far, now and then.
  /// - Throws: ``CoordinatorBenchmarkError`` if nothing can be said about the speed, or an error of
  ///   the coordinator.
  package func measure(
    startLoad: (_ connectionFile: String) -> Void, isLoadAlive: () -> Bool,
    progress: (Int) -> Void
  ) throws -> CoordinatorMeasurement {
    let run = try EmptyRun(evaluations: evaluationCount)
    var configuration = CoordinatorConfiguration(
      settings: run.settings, directory: directory, endpoint: "tcp://127.0.0.1:0",
      security: isEncrypted ? .curve(try RunKeys(in: directory)) : .none)
    configuration.inputs = inputs
    var course = Course()
    let outcome = try withoutActuallyEscaping(startLoad) { startLoad in
      try withoutActuallyEscaping(isLoadAlive) { isLoadAlive in
        try withoutActuallyEscaping(progress) { progress in
          let recorder = Recorder(workerCount: workerCount)
          defer { course = recorder.course }
          var observer = CoordinatorObserver()
          observer.started = { _ in
            recorder.begin()
            startLoad(directory.connectionFilePath)
          }
          observer.notified = { notification, _ in recorder.take(notification) }
          observer.statusChanged = {
            recorder.take($0)
            progress($0.progress.evaluationCount)
          }
          observer.stopRequest = { isLoadAlive() ? .none : .atOnce }
          return try runCoordinator(configuration, observer: observer)
        }
      }
    }
    guard outcome.status.progress.isFinished else {
      throw CoordinatorBenchmarkError.loadEnded(
        evaluations: outcome.status.progress.evaluationCount, of: evaluationCount)
    }
    return try measurement(course, outcome)
  }

  private func measurement(
    _ course: Course, _ outcome: CoordinatorOutcome
  ) throws(CoordinatorBenchmarkError) -> CoordinatorMeasurement {
    guard let start = course.start, let registered = course.registered, let end = course.end,
      evaluationCount - course.countAtRegistration >= evaluationCount / 2
    else {
      throw .tooFewEvaluations(evaluations: evaluationCount, workers: workerCount)
    }
    let seconds = (end - registered) / .seconds(1)
    return CoordinatorMeasurement(
      evaluationsPerSecond: Double(evaluationCount - course.countAtRegistration) / seconds,
      workerCount: workerCount, evaluationCount: evaluationCount, isEncrypted: isEncrypted,
      registrationSeconds: (registered - start) / .seconds(1),
      utilisation: course.busySeconds / (seconds * Double(workerCount)),
      coordinatorMemoryBytes: try Self.residentBytes(),
      journalBytes: Self.fileSize(directory.journalPath)
        + Self.fileSize(directory.journalPath + "-wal"),
      commitCount: outcome.status.activity.transport.commits)
  }

  /// The memory of this process that is in use.
  private static func residentBytes() throws(CoordinatorBenchmarkError) -> Int {
    let text = String(
      decoding: FileManager.default.contents(atPath: "/proc/self/statm") ?? Data(), as: UTF8.self)
    let fields = text.split(separator: " ")
    guard fields.count > 1, let pages = Int(fields[1]) else { throw .noMemoryFigure }
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  private static func fileSize(_ path: String) -> Int {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? Int(status.st_size) : 0
  }
}

/// When the milestones of a run were passed.
private struct Course {
  var start: ContinuousClock.Instant?
  var registered: ContinuousClock.Instant?
  var end: ContinuousClock.Instant?
  var countAtRegistration = 0
  /// The time that workers have spent on the results since then.
  var busySeconds = 0.0
}

/// Takes the times of a coordinator's notifications; used on its thread only.
private final class Recorder {
  private(set) var course = Course()
  private let workerCount: Int
  private var joinedCount = 0
  private var evaluatedCount = 0
  private var microsecondsAtRegistration = 0
  private var microseconds = 0

  init(workerCount: Int) {
    self.workerCount = workerCount
  }

  func begin() { course.start = .now }

  func take(_ status: RunStatus) {
    microseconds = status.activity.counters.evaluationMicroseconds
    if course.registered == nil { microsecondsAtRegistration = microseconds }
    course.busySeconds = Double(microseconds - microsecondsAtRegistration) / 1e6
  }

  func take(_ notification: Coordinator.Notification) {
    switch notification {
    case .workerJoined:
      joinedCount += 1
      guard joinedCount == workerCount else { return }
      course.registered = .now
      course.countAtRegistration = evaluatedCount
    case .candidateEvaluated:
      evaluatedCount += 1
      course.end = .now
    default: break
    }
  }
}
