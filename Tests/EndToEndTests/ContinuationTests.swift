import Foundation
import RunStorage
import Testing
import TestSupport

/// One command that starts a run or goes on with it, and what a run directory remembers.
@Suite(.serialized, .timeLimit(.minutes(20))) struct ContinuationTests {
  /// Runs a search of some evaluations in the directory of `run`, with another run file if given.
  private func search(_ run: DigitsRun, _ runFile: String? = nil) throws -> RunningProcess.Ending {
    try Program.run([
      "search", runFile ?? run.runFile, "--run-directory", run.directory.path, "--workers", "1",
      "--json",
    ])
  }

  /// Writes the run file of `run` with other text in places.
  private func changed(_ run: DigitsRun, _ changes: (String, String)...) throws -> String {
    var text = try String(contentsOfFile: run.runFile, encoding: .utf8)
    for (old, new) in changes {
      #expect(text.contains(old))
      text = text.replacingOccurrences(of: old, with: new)
    }
    return try run.folder.write(text, to: "changed.yaml")
  }

  @Test func `the same command goes on where the run directory remembers address and keys`()
    throws
  {
    let run = try DigitsRun(evaluations: 8)
    let first = try run.startCoordinator(
      arguments: ["--bind", "tcp://127.0.0.2:*", "--input-rate", "50M"])
    let before = try #require(try run.connection())
    #expect(before.endpoints.first?.hasPrefix("tcp://127.0.0.2:") == true)
    first.signal(SIGTERM)
    _ = first.ending()
    // What is unsafe is not remembered.
    for (arguments, isEncrypted) in [
      ([], true), (["--insecure-plain-text"], false), ([], true),
    ] {
      let coordinator = try run.startCoordinator(arguments: arguments)
      let connection = try #require(try run.connection())
      #expect(connection.endpoints.first?.hasPrefix("tcp://127.0.0.2:") == true)
      #expect(connection.serverKey == (isEncrypted ? before.serverKey : nil))
      #expect(coordinator.errors.contains("Going on with the run"))
      coordinator.signal(SIGTERM)
      _ = coordinator.ending()
    }
    let last = try run.startCoordinator(resuming: true)
    let worker = try run.startWorker("worker")
    #expect(last.ending().status == 0)
    #expect(worker.ending().status == 0)
    #expect(try run.front()["evaluations"] as? Int == 8)
    let options = try String(contentsOfFile: run.directory.file("start.json"), encoding: .utf8)
    #expect(options.contains("\(50 << 20)"))
  }

  @Test func `more evaluations and another test set go on, everything else is refused by name`()
    throws
  {
    let run = try DigitsRun(evaluations: 8)
    #expect(try search(run).json()["evaluations"] as? Int == 8)
    // The run is complete: again it only reports.
    #expect(try search(run).json()["evaluations"] as? Int == 8)
    let more = try changed(
      run, ("evaluations: 8", "evaluations: 12"),
      ("data: {", "data: {test: \(Checkout.demoData)/test.safetensors, "))
    let front = try search(run, more).json()
    #expect(front["evaluations"] as? Int == 12)
    let points = try #require(front["points"] as? [[String: Any]])
    #expect(points.allSatisfy { $0["testAccuracy"] is Double })
    let kept = try String(contentsOfFile: run.directory.file("run.yaml"), encoding: .utf8)
    #expect(kept.contains("evaluations: 12") && kept.contains("test.safetensors"))

    let refusals = [
      (("evaluations: 8", "evaluations: 9"), "search.evaluations is 9, the run has 12"),
      (("seed: 3", "seed: 4"), "search.seed is 4, the run has 3"),
      (("population: 20", "population: 30"), "search.population is 30, the run has 20"),
      (("batch: 8", "batch: 4"), "accelerator.batch is 4, the run has 8"),
      (("systolic32", "vegeta"), "accelerator.profile is vegeta, the run has systolic32"),
      (("\"3:4\", ", ""), "patterns is 1:4, 2:4, 4:4, the run has 1:4, 2:4, 3:4, 4:4"),
      (("shardImages: 90", "shardImages: 60"), "fidelity.shardImages is 60, the run has 90"),
      (
        ("fidelity:", "constraints: {macs: {atMost: 0.5}}\nfidelity:"),
        "constraints is macs at most 0.5 × dense, the run has none"
      ),
    ]
    for (change, diagnostic) in refusals {
      let other = try changed(run, change)
      let ending = try Program.run([
        "coordinator", other, "--run-directory", run.directory.path,
      ])
      #expect(ending.status != 0)
      #expect(ending.errors.contains(diagnostic), "\(ending.errors)")
    }
    #expect(try String(contentsOfFile: run.directory.file("run.yaml"), encoding: .utf8) == kept)
  }

  @Test func `--resume insists on a run and makes no folder`() throws {
    let run = try DigitsRun(evaluations: 8)
    for command in ["coordinator", "search"] {
      for arguments in [[], [run.runFile]] {
        let ending = try Program.run(
          [command] + arguments + ["--run-directory", run.directory.path, "--resume"])
        #expect(ending.status != 0)
        #expect(ending.errors.contains("no run to resume in \(run.directory.path)"))
        #expect(!FileManager.default.fileExists(atPath: run.directory.path))
      }
    }
  }

  @Test func `nothing of a run is written without the lock of its directory`() throws {
    let run = try DigitsRun(evaluations: 8)
    let lock = try DirectoryLock(of: run.directory)
    for arguments in [["coordinator", run.runFile], ["search", run.runFile], ["demo"]] {
      let ending = try Program.run(arguments + ["--run-directory", run.directory.path])
      #expect(ending.status != 0)
      #expect(ending.errors.contains("is in use by another coordinator"), "\(ending.errors)")
      let files = try FileManager.default.contentsOfDirectory(atPath: run.directory.path)
      #expect(files == ["coordinator.lock"])
    }
    withExtendedLifetime(lock) {}
  }

  @Test func `of two coordinators started at once one runs and can be gone on with`() throws {
    let run = try DigitsRun(evaluations: 8)
    let files = try [run.runFile, changed(run, ("seed: 3", "seed: 4"))]
    let coordinators = try files.map { file in
      try Program.start(["coordinator", file, "--run-directory", run.directory.path])
    }
    try waitUntil("one of them is refused and the other listens") {
      let running = coordinators.filter(\.isRunning)
      guard running.count == 1 else { return false }
      return try run.connection()?.processID == running[0].processIdentifier
    }
    let winner = try #require(coordinators.firstIndex { $0.isRunning })
    #expect(coordinators[1 - winner].errors.contains("in use"))
    let kept = try String(contentsOfFile: run.directory.file("run.yaml"), encoding: .utf8)
    #expect(kept.contains("seed: \(3 + winner)"))
    coordinators[winner].signal(SIGTERM)
    _ = coordinators[winner].ending()
    #expect(try search(run, files[winner]).json()["evaluations"] as? Int == 8)
  }

  @Test(arguments: [
    ("population: 20", "population: 20000", "search.population is 20000; allowed is 2…10000"),
    ("evaluations: 8", "evaluations: 10000001", "allowed is 1…10000000"),
    ("shardImages: 90", "shardImages: 1048577", "allowed is 1…1048576"),
    ("batch: 8", "batch: 1000001", "allowed is 1…1000000"),
    ("systolic32", "systolic33", "systolic33"),
    ("search.safetensors", "nowhere.safetensors", "nowhere.safetensors"),
  ])
  func `a run file that cannot be run leaves a folder that can be used`(
    old: String, new: String, diagnostic: String
  ) throws {
    let run = try DigitsRun(evaluations: 8)
    let ending = try search(run, changed(run, (old, new)))
    #expect(ending.status != 0)
    #expect(ending.errors.contains(diagnostic), "\(ending.errors)")
    let manager = FileManager.default
    if manager.fileExists(atPath: run.directory.path) {
      #expect(try manager.contentsOfDirectory(atPath: run.directory.path) == ["coordinator.lock"])
    }
    #expect(try search(run).json()["evaluations"] as? Int == 8)
  }
}
