import Foundation
import RunStorage
import Testing
import TestSupport

/// What the program's exit status tells scripts; each with real processes.
@Suite(.serialized, .timeLimit(.minutes(20))) struct ExitStatusTests {
  /// Every status with words that must explain it.
  private static let statuses: [(Int, String)] = [
    (0, "finished"), (1, "failed"), (2, "wrong usage or run file"),
    (3, "refused by the coordinator"), (4, "no member of a front"), (10, "left in order"),
    (11, "stopped in order"),
  ]

  @Test func `help and guide explain every status`() throws {
    let help = try Program.run(["--help"]).output
    let guide = try String(
      contentsOf: URL(filePath: "\(Checkout.root)/Sources/elsa/elsa.docc/RunningSearches.md"),
      encoding: .utf8
    ).replacingOccurrences(of: "\n", with: " ")
    for (number, diagnostic) in Self.statuses {
      #expect(help.contains(" \(number)  "), "\(number) in help")
      #expect(
        help.replacingOccurrences(of: "\n", with: " ").contains(diagnostic), "\(diagnostic) in help"
      )
      #expect(guide.contains("\(number) ("), "\(number) in the guide")
      #expect(guide.contains(diagnostic), "\(diagnostic) in the guide")
    }
  }

  @Test func `a finished run ends everybody with 0`() throws {
    let run = try DigitsRun(evaluations: 12)
    let coordinator = try run.startCoordinator()
    let worker = try run.startWorker("worker")
    #expect(coordinator.ending().status == 0)
    #expect(worker.ending().status == 0)
  }

  @Test func `what fails ends with 1`() throws {
    let run = try DigitsRun(evaluations: 5)
    try FileManager.default.createDirectory(
      atPath: run.directory.path, withIntermediateDirectories: true)
    let missing = try Program.run(["coordinator", "--resume", "--run-directory", "nowhere"])
    #expect(missing.status == 1, "\(missing.errors)")
    let model = try Program.run([
      "evaluate", "--model", "nowhere.safetensors", "--data", "nowhere",
    ])
    #expect(model.status == 1)
    let silent = try Program.run([
      "worker", "--connect", "tcp://127.0.0.1:9", "--insecure-plain-text", "--give-up-after", "10",
    ])
    #expect(silent.status == 1)
  }

  @Test(arguments: [
    "serach: {seed: 1}", "precision: f8", "constraints: {macs: {atMost: 0.0001}}", "- x",
  ])
  func `a wrong run file ends a search and a coordinator with 2`(line: String) throws {
    for command in [["search", "--workers", "1"], ["coordinator"]] {
      let run = try DigitsRun(evaluations: 5, lines: line)
      let ending = try Program.run(
        command + [run.runFile, "--run-directory", run.directory.path])
      #expect(ending.status == 2, "\(ending.errors)")
    }
  }

  @Test(arguments: [
    ["--bind", "udp://x:1"], ["--bind", "tcp://127.0.0.1"], ["--bind", "tcp://127.0.0.1:99999"],
  ])
  func `an address that is none ends with 2`(arguments: [String]) throws {
    let run = try DigitsRun(evaluations: 5)
    let ending = try Program.run(
      ["coordinator", run.runFile, "--run-directory", run.directory.path] + arguments)
    #expect(ending.status == 2, "\(ending.errors)")
  }

  @Test func `a worker that the coordinator refuses ends with 3`() throws {
    let run = try DigitsRun(evaluations: 20_000)
    let coordinator = try run.startCoordinator()
    let connection = try #require(try run.connection())
    let own = try #require(connection.serverKey)
    let made = try Program.run(["keygen", "worker", "stranger", "--output", run.folder.path])
    #expect(made.status == 0)
    let worker = try Program.start([
      "worker", "--connect", connection.endpoints[0], "--server-key", own, "--key-file",
      run.folder.file("stranger.key"), "--give-up-after", "10",
    ])
    let operatorKey = try Program.run([
      "keygen", "operator", "ann", "--output", run.folder.path,
    ])
    #expect(operatorKey.status == 0)
    for command in ["drain", "status"] {
      let ending = try Program.run([
        command, "--connection-file", run.directory.connectionFilePath, "--key-file",
        run.folder.file("ann.key"),
      ])
      #expect(ending.status == 3, "\(command): \(ending.errors)")
    }
    let ending = worker.ending()
    #expect(ending.status == 3, "\(ending.errors)")
    coordinator.signal(SIGTERM)
    #expect(coordinator.ending().status == 11)
  }

  @Test func `a worker that leaves ends with 10 while the run goes on`() throws {
    let run = try DigitsRun(evaluations: 20_000)
    let coordinator = try run.startCoordinator()
    let asked = try run.startWorker("asked")
    let drained = try run.startWorker("drained")
    let early = try Program.start([
      "worker", "--connection-file", run.folder.file("nowhere.json"), "--name", "early",
    ])
    try waitUntil("both have computed") {
      ["asked", "drained"].allSatisfy { run.computed(by: $0).count > 2 }
    }
    asked.signal(SIGTERM)
    #expect(asked.ending().status == 10)
    #expect(
      try Program.run(["drain", run.directory.path, "--worker", "drained"]).status == 0)
    #expect(drained.ending().status == 10)
    try waitUntil("the early one waits") { early.errors.contains("waiting for") }
    early.signal(SIGTERM)
    #expect(early.ending().status == 10)
    let timed = try run.startWorker(
      "timed",
      arguments: ["--end-time", Date(timeIntervalSinceNow: 22).formatted(.iso8601)])
    #expect(timed.ending().status == 10)
    coordinator.signal(SIGTERM)
    #expect(coordinator.ending().status == 11)
  }

  @Test func `what a signal kills ends by it`() throws {
    let run = try DigitsRun(evaluations: 20_000)
    let coordinator = try run.startCoordinator()
    coordinator.signal(SIGKILL)
    let ending = coordinator.ending()
    #expect(ending.isBySignal)
    #expect(ending.status == SIGKILL)
  }
}
