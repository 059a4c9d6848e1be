import Foundation
import RunStorage
import Testing
import TestSupport
import WireProtocol

/// Whether a worker can be written in Python here.
let hasPythonWorker: Bool = {
  guard FileManager.default.isExecutableFile(atPath: "/usr/bin/python3"),
    FileManager.default.isExecutableFile(atPath: "/usr/bin/protoc")
  else { return false }
  let probe = try? RunningProcess("/usr/bin/python3", ["-c", "import zmq, google.protobuf"])
  return probe?.ending().status == 0
}()

/// A worker in another language, written from the specification.
@Suite(
  .serialized, .timeLimit(.minutes(20)),
  .enabled(if: hasPythonWorker, "needs python3-zmq, python3-protobuf and protoc"))
struct PythonWorkerTests {
  private static let worker =
    "\(Checkout.root)/Tests/EndToEndTests/PythonWorker/worker.py"
  private static let protocolFolder =
    "\(Checkout.root)/Sources/WireProtocol/Protocol"

  /// Writes the messages as Python modules.
  static func compileMessages(into folder: String) throws {
    let ending = try RunningProcess(
      "/usr/bin/protoc",
      [
        "--proto_path=\(Self.protocolFolder)", "--python_out=\(folder)", "elsa.proto",
        "inputs.proto",
      ]
    ).ending()
    try #require(ending.status == 0, "\(ending.errors)")
  }

  /// The version of what a run computes with: a worker that infers must have the same.
  static func backendVersion(of run: DigitsRun) throws -> String {
    var first: JournalRecord?
    try waitUntil("the journal has begun") {
      first = try JournalReader(of: run.directory).records().first
      return first != nil
    }
    guard case .opened(let opening) = first else {
      throw DigitsRun.EarlyEnd(diagnostic: "the journal does not begin with an opening")
    }
    return opening.description.numerics.backend.version
  }

  /// Starts the worker, with a key of its own or that of the connection file; it knows no path of
  /// the run.
  static func start(
    _ run: DigitsRun, in folder: TemporaryFolder, key: String? = nil
  ) throws -> RunningProcess {
    let connection = try #require(try run.connection())
    try compileMessages(into: folder.path)
    var variables = ["PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/bin"]
    variables["ELSA_SERVER_KEY"] = connection.serverKey
    variables["ELSA_WORKER_SECRET_KEY"] = key ?? connection.workerSecretKey
    return try RunningProcess(
      "/usr/bin/python3",
      [
        worker, "--connect", connection.endpoints[0], "--elsa", Program.path, "--messages",
        folder.path, "--folder", folder.path, "--backend-version", try backendVersion(of: run),
        "--protocol-version", "\(ProtocolVersion.current)",
      ], in: folder.path, environment: variables)
  }

  @Test(arguments: [false, true])
  func `a worker in Python joins, fetches, computes and leaves`(isEncrypted: Bool) throws {
    let run = try DigitsRun(evaluations: 12)
    let coordinator = try Program.start(
      ["coordinator", run.runFile, "--run-directory", run.directory.path]
        // It infers nothing, which the coordinator's own worker would find out.
        + (isEncrypted ? ["--spot-checks", "0"] : ["--insecure-plain-text"]))
    try waitUntil("the coordinator listens") { try run.connection() != nil }
    let folder = try TemporaryFolder()
    let worker = try Self.start(run, in: folder)
    let ending = coordinator.ending()
    #expect(ending.status == 0, "\(ending.errors)")
    let workerEnding = worker.ending()
    #expect(workerEnding.status == 0, "\(workerEnding.errors)")
    let report = try workerEnding.json()
    #expect(report["shards"] as? Int == 60)
    #expect(report["diagnostic"] as? String == "the run is finished")

    let records = try JournalReader(of: run.directory).records()
    let workers = Set(
      records.compactMap { record in
        if case .shardCompleted(let completion) = record { completion.worker } else { nil }
      })
    #expect(workers == ["python/\(worker.processIdentifier)"])
    #expect(try run.front()["evaluations"] as? Int == 12)
    #expect(
      FileManager.default.contentsEqual(
        atPath: "\(Checkout.demoData)/digits_vit_dense.safetensors",
        andPath: folder.file("model.safetensors")))
    let log = try String(contentsOfFile: run.directory.logPath, encoding: .utf8)
    #expect(log.contains("left: the run is finished"))
  }

  @Test func `a worker in Python and one of Elsa share a run, and the first may be asked to leave`()
    throws
  {
    let run = try DigitsRun(evaluations: 60)
    let coordinator = try run.startCoordinator(arguments: ["--spot-checks", "0"])
    let folder = try TemporaryFolder()
    let python = try Self.start(run, in: folder)
    try waitUntil("the Python worker has computed") { try run.journaled().count > 4 }
    #expect(try Program.run(["drain", run.directory.path]).status == 0)
    #expect(coordinator.ending().errors.contains("--resume"))
    let left = python.ending()
    #expect(left.status == 0, "\(left.errors)")
    #expect(left.output.contains("asked to leave"))
    let before = try run.journaled().count

    let second = try run.startCoordinator(resuming: true, arguments: ["--spot-checks", "0"])
    let worker = try run.startWorker("elsa")
    #expect(second.ending().status == 0)
    #expect(worker.ending().status == 0)
    #expect(run.computed(by: "elsa").count == 300 - before)
  }
}
