import Foundation
import RunStorage
import Testing
import TestSupport

/// Keys, status and drain, as a user handles them.
@Suite(.serialized, .timeLimit(.minutes(20))) struct KeysTests {
  @Test func `a worker joins by address and keys of its own until its key is revoked`() throws {
    let run = try DigitsRun(evaluations: 400)
    let folder = run.folder
    let server = try Program.run(["keygen", "server", "lab", "--output", folder.file("keys")])
    #expect(server.status == 0, "\(server.errors)")
    let made = try Program.run([
      "keygen", "worker", "node07", "--output", folder.file("keys"), "--authorize",
      run.directory.path, "--json",
    ]).json()
    let authorized = try #require(made["authorizedBy"] as? String)
    #expect(authorized.hasSuffix("keys/workers/node07.pub"))
    let again = try Program.run(["keygen", "worker", "node07", "--output", folder.file("keys")])
    #expect(again.status == 1)
    #expect(again.errors.contains("exists already"))

    let coordinator = try Program.start([
      "coordinator", run.runFile, "--run-directory", run.directory.path,
      "--key-file", folder.file("keys/lab.key"),
    ])
    try waitUntil("the coordinator listens") { try run.connection() != nil }
    let endpoint = try #require(try run.connection()?.endpoints.first)
    let kept = try String(contentsOfFile: run.directory.file("keys.json"), encoding: .utf8)
    #expect(!kept.contains(try #require(KeyFile(path: folder.file("keys/lab.key")).secretKey)))
    func worker(_ key: String, server: String, name: String) throws -> RunningProcess {
      try Program.start([
        "worker", "--connect", endpoint, "--server-key", server, "--key-file", key, "--name", name,
        "--threads", "1", "--counters", folder.file(name), "--give-up-after", "10",
      ])
    }
    let guest = try worker(
      folder.file("keys/node07.key"), server: folder.file("keys/lab.pub"), name: "guest")
    _ = try Program.run(["keygen", "worker", "stranger", "--output", folder.file("keys")])
    let stranger = try worker(
      folder.file("keys/stranger.key"), server: folder.file("keys/lab.pub"), name: "stranger")
    try waitUntil("the guest has computed") { run.computed(by: "guest").count > 3 }
    try waitUntil("the stranger has been told") {
      stranger.errors.contains("does not allow this worker's key")
    }
    stranger.signal(SIGTERM)
    _ = stranger.ending()
    #expect(run.computed(by: "stranger").isEmpty)
    try FileManager.default.removeItem(atPath: authorized)
    let ending = guest.ending()
    #expect(ending.status == 3)
    #expect(ending.errors.contains("not allowed any more"), "\(ending.errors)")
    let member = try run.startWorker("member")
    #expect(coordinator.ending().status == 0)
    #expect(member.ending().status == 0)
    #expect(try run.front()["evaluations"] as? Int == 400)
    #expect((try run.front()["quarantined"] as? [Any])?.count == 0)
  }

  @Test func `a key that begins with a dash is taken for a key`() throws {
    let folder = try TemporaryFolder()
    let own = folder.file("own")
    #expect(try Program.run(["keygen", "--workers", "1", "--output", own]).status == 0)
    let ending = try Program.run([
      "worker", "--connect", "tcp://127.0.0.1:9", "--server-key", "-0000",
      "--key-file", "\(own)/worker-001.key",
    ])
    #expect(ending.errors.contains("40"), "too short for a key, but no option: \(ending.errors)")
    #expect(!ending.errors.contains("Missing value"), "\(ending.errors)")
  }

  @Test func `keys are made for many workers at once, and each result names its own`() throws {
    let run = try DigitsRun(evaluations: 40)
    let folder = run.folder.file("keys")
    let made = try Program.run([
      "keygen", "--workers", "3", "--output", folder, "--authorize", run.directory.path, "--json",
    ])
    #expect(made.status == 0, "\(made.errors)")
    let names = try made.jsonArray().map { $0["name"] as? String }
    #expect(names == ["worker-001", "worker-002", "worker-003"])
    let again = try Program.run(["keygen", "--workers", "4", "--output", folder])
    #expect(again.status == 1 && again.errors.contains("worker-001.key exists already"))
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/worker-004.key"))

    let coordinator = try run.startCoordinator()
    let connection = try #require(try run.connection())
    let workers = try (1...2).map { number in
      try Program.start([
        "worker", "--connect", connection.endpoints[0], "--server-key",
        try #require(connection.serverKey), "--key-file", "\(folder)/worker-00\(number).key",
        "--name", "n\(number)", "--threads", "1",
      ])
    }
    #expect(coordinator.ending().status == 0)
    for worker in workers { #expect(worker.ending().status == 0) }
    let records = try JournalReader(of: run.directory).records()
    var joined: [String: String] = [:]
    var delivered: Set<String> = []
    for record in records {
      switch record {
      case .joined(let session): joined[session.label] = session.keyName
      case .shardCompleted(let completion):
        #expect(completion.keyName == joined[completion.worker])
        delivered.insert(completion.keyName)
      default: break
      }
    }
    #expect(joined == ["n1": "worker-001", "n2": "worker-002"])
    let points = try #require(try run.front()["points"] as? [[String: Any]])
    #expect(!points.isEmpty)
    for point in points {
      let keys = try #require(point["keys"] as? [String])
      #expect(!keys.isEmpty && delivered.isSuperset(of: keys))
    }
  }

  @Test func `status and drain speak with a coordinator, and status with what it left`() throws {
    let run = try DigitsRun(evaluations: 5_000)
    let coordinator = try run.startCoordinator()
    let first = try run.startWorker("first")
    let second = try run.startWorker("second")
    try waitUntil("both workers have computed") {
      run.computed(by: "first").count > 3 && run.computed(by: "second").count > 3
    }
    let status = try Program.run(["status", run.directory.path, "--json"]).json()
    #expect(status["state"] as? String == "running")
    #expect(status["workers"] as? Int == 2)
    #expect(status["evaluationsMax"] as? Int == 5_000)
    let listed = try #require(status["workerList"] as? [[String: Any]])
    #expect(listed.map { $0["label"] as? String } == ["first", "second"])
    #expect(try #require(status["freeDiskBytes"] as? Int) > 0)
    let diagnostic = try Program.run(["status", run.directory.path])
    #expect(diagnostic.output.contains("of 5000"), "\(diagnostic.output)")
    #expect(diagnostic.output.contains("second"))

    let unknown = try Program.run(["drain", run.directory.path, "--worker", "third"])
    #expect(unknown.status == 1)
    #expect(unknown.errors.contains("no worker is called third"))
    #expect(try Program.run(["drain", run.directory.path, "--worker", "first"]).status == 0)
    #expect(first.ending().status == 10)
    #expect(coordinator.isRunning)
    let drain = try Program.run(["drain", run.directory.path])
    #expect(drain.status == 0, "\(drain.errors)")
    #expect(second.ending().status == 10)
    let ending = coordinator.ending()
    #expect(ending.status == 11)
    #expect(ending.errors.contains("--resume"), "\(ending.errors)")
    let left = try Program.run(["status", run.directory.path, "--json"]).json()
    #expect(left["state"] as? String == "stopped")
    let journaled = try #require(left["evaluations"] as? Int)
    #expect(journaled > 0)
    #expect(left["workers"] == nil)

    // A coordinator that was killed leaves its connection file; the journal still answers.
    let killed = try run.startCoordinator(resuming: true)
    killed.signal(SIGKILL)
    _ = killed.ending()
    let dead = try Program.run(["status", run.directory.path, "--json"])
    #expect(dead.errors.contains("has not answered"), "\(dead.errors)")
    #expect(try dead.json()["evaluations"] as? Int == journaled)
    let drainDead = try Program.run(["drain", run.directory.path])
    #expect(drainDead.status == 1)
  }

  @Test func `plain text must be asked for on both ends`() throws {
    let run = try DigitsRun(evaluations: 4)
    let open = try Program.start([
      "coordinator", run.runFile, "--run-directory", run.directory.path, "--bind",
      "tcp://0.0.0.0:*", "--insecure-plain-text",
    ])
    try waitUntil("the coordinator listens") { try run.connection() != nil }
    #expect(open.errors.contains("anyone who reaches tcp://0.0.0.0:*"))
    #expect(try #require(try run.connection()).serverKey == nil)
    let careful = try run.startWorker("careful")
    #expect(careful.ending().status == 1)
    #expect(careful.errors.contains("does not encrypt"), "\(careful.errors)")
    let key = try Program.run(["keygen", "worker", "own", "--output", run.folder.path])
    #expect(key.status == 0)
    let keyed = try run.startWorker(
      "keyed", arguments: ["--key-file", run.folder.file("own.key")])
    #expect(keyed.ending().status == 1)
    #expect(keyed.errors.contains("does not encrypt"), "\(keyed.errors)")
    let worker = try run.startWorker("worker", arguments: ["--insecure-plain-text"])
    #expect(open.ending().status == 0)
    #expect(worker.ending().status == 0)
    let closed = try DigitsRun(evaluations: 4)
    let coordinator = try Program.start([
      "coordinator", closed.runFile, "--run-directory", closed.directory.path, "--bind",
      "tcp://0.0.0.0:*",
    ])
    try waitUntil("the coordinator listens") { try closed.connection() != nil }
    #expect(try #require(try closed.connection()).serverKey != nil)
    let member = try closed.startWorker("member")
    #expect(coordinator.ending().status == 0)
    #expect(member.ending().status == 0)
  }
}
