import Foundation
import RunStorage
import SparseKernels
import SparsityCore
import Testing
import TestSupport
import WireProtocol

/// A small search on the digits model, in a folder of its own.
struct DigitsRun {
  let folder: TemporaryFolder
  let runFile: String
  let directory: RunDirectory

  /// The lines of a run file that fix its arithmetic, so that no coordinator waits to choose it.
  static let numerics = "precision: bf16\ninstructionSet: \(InstructionSet.detected.rawValue)"

  /// Writes the run file; `lines` are added to it, `search` replaces what its section says,
  /// `directory` is where the run goes instead of the folder, and `calibration` names images.
  ///
  /// Every candidate is measured on all images unless `stopsEarly` says otherwise: then nobody
  /// knows how many there are.
  init(
    evaluations: Int, search: String? = nil, lines: String = "", numerics: String = numerics,
    directory: String? = nil, calibration: String? = nil, stopsEarly: Bool = false
  ) throws {
    let search = search ?? "population: 20, evaluations: \(evaluations), seed: 3"
    let calibration = calibration.map { ", calibration: \($0)" } ?? ""
    try self.init(
      yaml: """
        model: {weights: \(Checkout.demoData)/digits_vit_dense.safetensors}
        data: {search: \(Checkout.demoData)/search.safetensors\(calibration)}
        patterns: ["1:4", "2:4", "3:4", "4:4"]
        accelerator: {profile: systolic32, batch: 8}
        search: {\(search)}
        fidelity: {shardImages: 90, earlyStopping: \(stopsEarly)}
        \(numerics)
        \(lines)
        """, directory: directory)
  }

  /// Writes a run file.
  init(yaml: String, directory: String? = nil) throws {
    folder = try TemporaryFolder()
    self.directory = RunDirectory(path: directory ?? folder.file("run"))
    runFile = try folder.write(yaml, to: "run.yaml")
  }

  /// Starts a coordinator and waits until workers can join.
  func startCoordinator(
    resuming: Bool = false, arguments: [String] = [], environment: [String: String?] = [:]
  ) throws -> RunningProcess {
    let what = resuming ? ["--resume"] : [runFile]
    let coordinator = try Program.start(
      ["coordinator"] + what + ["--run-directory", directory.path] + arguments,
      environment: environment)
    try waitUntil("the coordinator listens") {
      guard coordinator.isRunning else {
        throw EarlyEnd(diagnostic: coordinator.errors)
      }
      return try connection()?.processID == coordinator.processIdentifier
    }
    return coordinator
  }

  /// Starts a worker that counts its shards in a file of its name.
  func startWorker(_ name: String, arguments: [String] = []) throws -> RunningProcess {
    try Program.start(workerArguments(name) + arguments)
  }

  /// The arguments of a worker that counts its shards in a file of its name.
  func workerArguments(_ name: String) -> [String] {
    [
      "worker", "--connection-file", directory.connectionFilePath, "--name", name,
      "--threads", "1", "--counters", folder.file(name),
    ]
  }

  /// The connection file, if there is one.
  func connection() throws -> ConnectionFile? {
    guard FileManager.default.fileExists(atPath: directory.connectionFilePath) else { return nil }
    return try ConnectionFile(path: directory.connectionFilePath)
  }

  /// The shards that a worker says it has computed, as `candidate/slice`.
  func computed(by name: String) -> [String] {
    let text = String(
      decoding: FileManager.default.contents(atPath: folder.file(name)) ?? Data(), as: UTF8.self)
    return text.split(separator: "\n").map { line in
      line.split(separator: " ").prefix(2).joined(separator: "/")
    }
  }

  /// The shards in the journal, as `candidate/slice`.
  func journaled() throws -> Set<String> { Set(try journaledList()) }

  /// The shards in the journal, as `candidate/slice`, in its order and with repetitions.
  func journaledList() throws -> [String] {
    try JournalReader(of: directory).records().compactMap { record in
      guard case .shardCompleted(let completion) = record else { return nil }
      return "\(completion.shard.candidate.rawValue)/\(completion.shard.slice)"
    }
  }

  /// The first line of the coordinator's log with a text.
  func logLine(with text: String) -> String? {
    let log = String(
      decoding: FileManager.default.contents(atPath: directory.logPath) ?? Data(), as: UTF8.self)
    return log.split(separator: "\n").first { $0.contains(text) }.map(String.init)
  }

  /// The time that the coordinator's log gives to the first line with a text.
  func logged(_ text: String) throws -> Date? {
    guard let line = logLine(with: text) else { return nil }
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    return try Date(String(try #require(line.split(separator: " ").first)), strategy: style)
  }

  /// Waits until a coordinator that runs has logged a text, which follows what it tells others by
  /// an unknown time.
  func waitUntilLogged(_ text: String) throws {
    try waitUntil("the log says: \(text)") { try logged(text) != nil }
  }

  /// Kills one of two workers that compute, and the coordinator when the run has gone on.
  func kill(
    _ worker: RunningProcess, _ name: String, beside other: String,
    thenCoordinator coordinator: RunningProcess
  ) throws {
    try waitUntil("both workers have computed") {
      computed(by: name).count > 4 && computed(by: other).count > 4
    }
    worker.signal(SIGKILL)
    _ = worker.ending()
    let atLoss = try journaled().count
    try waitUntil("the run goes on without the worker") {
      try journaled().count > atLoss + 10
    }
    coordinator.signal(SIGKILL)
    _ = coordinator.ending()
  }

  /// The front as `elsa front --json` reports it.
  func front() throws -> [String: Any] {
    try Program.run(["front", directory.path, "--json"]).json()
  }

  /// A process ended although it should have gone on.
  struct EarlyEnd: Error {
    let diagnostic: String
  }
}
