import Foundation
import ProcessLimits
import RunPreparation
import RunReports
import RunStorage
import ZeroMQ

/// A run on this machine: a coordinator process and worker processes, started and looked after.
struct LocalRun {
  /// The arguments by which the coordinator knows what to run.
  let source: [String]
  /// Where the run keeps everything.
  let directory: RunDirectory
  /// The worker processes.
  let workerCount: Int
  /// The evaluation threads of each worker.
  let threadsPerWorker: Int
  /// Further arguments of each worker.
  let workerArguments: [String]
  /// What both roles get the key by that nobody else has: what these workers measure needs no other
  /// key's word.
  private let environment: [String: String]

  /// Describes a run, which has a key of its own.
  init(
    source: [String], directory: RunDirectory, workerCount: Int, threadsPerWorker: Int,
    workerArguments: [String] = []
  ) throws {
    self.source = source
    self.directory = directory
    self.workerCount = workerCount
    self.threadsPerWorker = threadsPerWorker
    self.workerArguments = workerArguments
    environment = [SecretVariable.workerSecretKey.rawValue: try CurveKeyPair.generate().secret.z85]
  }

  /// How often a process that was killed is started again before the run gives up.
  private static let restartCountMax = 5
  /// How long a process may take to end in order: schedulers kill after thirty seconds or so.
  private static let departurePatience = Duration.seconds(10)

  /// Runs to the end of the search.
  ///
  /// - Throws: ``CommandFailure`` if the coordinator fails or the user stops the run.
  func run() throws {
    var coordinator = try startCoordinator(source)
    var workers: [ChildProcess] = []
    defer { workers.forEach { $0.finish(patience: .seconds(10)) } }
    try waitForConnection(of: coordinator)
    for index in 0..<workerCount { workers.append(try startWorker(index)) }

    var coordinatorRestartCount = 0
    var workerRestartCount = 0
    while true {
      if StopSignals.request != .none { try stop(coordinator, workers) }
      if coordinator.wasKilled {
        coordinatorRestartCount += 1
        guard coordinatorRestartCount <= Self.restartCountMax else { break }
        Output.notify("The coordinator \(coordinator.ending); going on from its journal.")
        coordinator = try startCoordinator(["--resume"])
      } else if !coordinator.isRunning {
        break
      }
      for (index, worker) in workers.enumerated() where worker.wasKilled {
        workerRestartCount += 1
        guard workerRestartCount <= Self.restartCountMax * workerCount else { continue }
        Output.notify("The \(worker.role) \(worker.ending); starting another.")
        workers[index] = try startWorker(index)
      }
      if workers.allSatisfy({ !$0.isRunning }) { try checkWorkers(workers, coordinator) }
      Thread.sleep(forTimeInterval: 0.02)
    }
    guard coordinator.hasSucceeded else {
      workers.forEach { $0.terminate() }
      if coordinator.status == .stopped {
        throw CommandFailure(
          "the run was stopped; nothing is lost\(quarantineSummary)",
          nextStep: "go on with: \(resumeCommand)", status: .stopped)
      }
      throw CommandFailure(
        "the coordinator \(coordinator.ending)",
        nextStep: "see \(directory.logPath) and the lines above",
        status: coordinator.status ?? .failed)
    }
  }

  /// Ends the run if no worker is left although the coordinator still waits for results.
  private func checkWorkers(_ workers: [ChildProcess], _ coordinator: ChildProcess) throws {
    let start = ContinuousClock.now
    while coordinator.isRunning, ContinuousClock.now - start < .seconds(5) {
      Thread.sleep(forTimeInterval: 0.02)
    }
    guard coordinator.isRunning else { return }
    coordinator.terminate()
    coordinator.finish(patience: .seconds(10))
    let endings = Set(workers.map(\.ending)).sorted().joined(separator: ", ")
    throw CommandFailure(
      "every worker has gone (\(endings)) before the search was done",
      nextStep: "see the lines above, then go on with: \(resumeCommand)")
  }

  /// Ends the workers, who hand in what they have measured, and then the coordinator.
  private func stop(_ coordinator: ChildProcess, _ workers: [ChildProcess]) throws -> Never {
    workers.forEach { $0.terminate() }
    wait(for: workers, atMost: Self.departurePatience)
    workers.forEach { $0.finish(patience: .zero) }
    coordinator.terminate()
    wait(for: [coordinator], atMost: Self.departurePatience)
    coordinator.finish(patience: .zero)
    throw CommandFailure(
      "stopped; nothing is lost\(quarantineSummary)", nextStep: "go on with: \(resumeCommand)",
      status: .stopped)
  }

  /// What a stopped run has quarantined; a journal that cannot be read is not what this is about.
  private var quarantineSummary: String {
    let diagnostic = (try? JournaledFront(directory: directory, notified: Output.notify))?.front
      .quarantineSummary
    return diagnostic.map { "; \($0)" } ?? ""
  }

  /// Waits until processes have ended, unless there is no time for that.
  private func wait(for processes: [ChildProcess], atMost patience: Duration) {
    let start = ContinuousClock.now
    while processes.contains(where: \.isRunning), StopSignals.request != .atOnce,
      ContinuousClock.now - start < patience
    {
      Thread.sleep(forTimeInterval: 0.02)
    }
  }

  private var resumeCommand: String {
    let own = ["--run-directory", directory.path, "--resume", "--workers", "\(workerCount)"]
    return "elsa search " + (own + workerArguments).map(Self.shellWord).joined(separator: " ")
  }

  /// Returns an argument as a shell reads it back.
  private static func shellWord(_ argument: String) -> String {
    let isPlain = argument.allSatisfy { $0.isLetter || $0.isNumber || "-_./:=,+@%".contains($0) }
    return isPlain && !argument.isEmpty
      ? argument : "'" + argument.replacing("'", with: "'\\''") + "'"
  }

  private func startCoordinator(_ source: [String]) throws -> ChildProcess {
    var arguments = ["coordinator", "--run-directory", directory.path, "--local"]
    arguments += ["--expect-workers", "\(workerCount)"]
    return try ChildProcess(
      role: "coordinator", arguments: arguments + source, environment: environment)
  }

  private func startWorker(_ index: Int) throws -> ChildProcess {
    try ChildProcess(
      role: "worker \(index + 1)",
      arguments: [
        "worker", "--connection-file", directory.connectionFilePath, "--name",
        "worker-\(index + 1)",
        "--threads", "\(threadsPerWorker)", "--quiet",
      ] + workerArguments, environment: environment)
  }

  /// Waits until the coordinator can be reached; its failure ends the run.
  private func waitForConnection(of coordinator: ChildProcess) throws {
    while coordinator.isRunning {
      if let found = connectionOwner(), found == coordinator.identifier { return }
      if StopSignals.request != .none { try stop(coordinator, []) }
      Thread.sleep(forTimeInterval: 0.01)
    }
    guard coordinator.hasSucceeded else {
      throw CommandFailure(
        "the coordinator \(coordinator.ending) before it could be reached",
        status: coordinator.status ?? .failed)
    }
  }

  /// The process that wrote the connection file.
  private func connectionOwner() -> Int32? {
    do {
      return try ConnectionFile(path: directory.connectionFilePath).processID
    } catch {
      return nil
    }
  }
}
