import Foundation
import RunStorage
import SparsityCore
import Testing
import TestSupport

/// Processes that die, freeze and come back.
@Suite(.serialized, .timeLimit(.minutes(20))) struct FaultTests {
  @Test func `a killed worker is noticed by its connection`() throws {
    let run = try DigitsRun(evaluations: 300)
    let coordinator = try run.startCoordinator()
    let doomed = try run.startWorker("doomed")
    let steady = try run.startWorker("steady")
    try waitUntil("both workers have computed") {
      run.computed(by: "doomed").count > 2 && run.computed(by: "steady").count > 2
    }
    let killedAt = Date()
    doomed.signal(SIGKILL)
    _ = doomed.ending()
    // Silence alone would be noticed after fifteen seconds, and told otherwise.
    try waitUntil("the loss is noticed") {
      try run.logged("worker doomed is lost") != nil
    }
    let noticedAt = try #require(try run.logged("worker doomed is lost"))
    let line = try #require(run.logLine(with: "worker doomed is lost"))
    #expect(line.hasSuffix("its connection ended"), "\(line)")
    #expect(noticedAt.timeIntervalSince(killedAt) < 10, "a second is what is wanted")
    #expect(coordinator.ending().status == 0)
    #expect(steady.ending().status == 0)
    #expect(try run.front()["evaluations"] as? Int == 300)
    #expect((try run.front()["quarantined"] as? [Any])?.count == 0)
  }

  @Test func `a frozen worker's shards go to others, and it may come back`() throws {
    let run = try DigitsRun(evaluations: 5_000)
    let coordinator = try run.startCoordinator()
    let frozen = try run.startWorker("frozen")
    let steady = try run.startWorker("steady")
    try waitUntil("both workers have computed") {
      run.computed(by: "frozen").count > 2 && run.computed(by: "steady").count > 2
    }
    let frozenAt = Date()
    frozen.signal(SIGSTOP)
    try waitUntil("the loss is noticed") { try run.logged("worker frozen is lost") != nil }
    let noticedAt = try #require(try run.logged("worker frozen is lost"))
    #expect(noticedAt.timeIntervalSince(frozenAt) < 14, "five seconds are what is wanted")
    let before = run.computed(by: "frozen").count
    frozen.signal(SIGCONT)
    try waitUntil("the worker is back") { run.computed(by: "frozen").count > before + 3 }
    #expect(try Program.run(["drain", run.directory.path]).status == 0)
    _ = coordinator.ending()
    #expect(frozen.ending().status == 10)
    #expect(steady.ending().status == 10)
    let journaled = try run.journaledList()
    #expect(Set(journaled).count == journaled.count)
    #expect((try run.front()["quarantined"] as? [Any])?.count == 0)
  }

  @Test func `a coordinator that is killed ten times ends as one that was not`() throws {
    let calm = try StrictRunTests.strictRun()
    let calmCoordinator = try calm.startCoordinator()
    let calmWorker = try calm.startWorker("only")
    #expect(calmCoordinator.ending().status == 0)
    #expect(calmWorker.ending().status == 0)
    let total = try calm.journaled().count

    let rough = try StrictRunTests.strictRun()
    var coordinator = try rough.startCoordinator()
    let endpoint = try #require(try rough.connection()?.endpoints.first)
    let workers = try ["first", "second"].map { try rough.startWorker($0) }
    var generator = SeededGenerator(seed: 20)
    var kept: Set<String> = []
    for kill in 1...10 {
      let target = total * kill / 12 + generator.index(below: total / 24)
      try waitUntil("kill \(kill)") { try rough.journaled().count >= target }
      coordinator.signal(SIGKILL)
      _ = coordinator.ending()
      let journaled = try rough.journaled()
      #expect(journaled.isSuperset(of: kept), "nothing journaled is lost")
      kept = journaled
      coordinator = try rough.startCoordinator(
        resuming: true, arguments: ["--bind", endpoint])
    }
    let ending = coordinator.ending()
    #expect(ending.status == 0, "\(ending.errors)")
    for worker in workers { #expect(worker.ending().status == 0, "no worker was started again") }
    let list = try rough.journaledList()
    #expect(Set(list).count == list.count, "nothing is journaled twice")
    #expect(Set(list).isSuperset(of: kept))
    #expect(try StrictRunTests.Outcome(rough) == StrictRunTests.Outcome(calm))
    let fronts = try [calm, rough].map { run in
      try Program.run(["front", run.directory.path, "--json"]).output
    }
    #expect(fronts[0] == fronts[1], "the fronts are the same to the last byte")
  }

  @Test func `strangers at the port of an encrypted run are kept out with a diagnostic`() throws {
    let run = try DigitsRun(evaluations: 200)
    let coordinator = try run.startCoordinator()
    let connection = try #require(try run.connection())
    let endpoint = connection.endpoints[0]
    let port = try #require(endpoint.split(separator: ":").last.flatMap { UInt16($0) })
    for _ in 0..<50 { try Port.connect(port, sending: []) }
    try Port.connect(port, sending: Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<50 {
      let bytes = (0..<300).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      try Port.connect(port, sending: bytes)
    }
    let plain = try Program.start([
      "worker", "--connect", endpoint, "--insecure-plain-text", "--give-up-after", "10",
    ])
    _ = try Program.run(["keygen", "server", "other", "--output", run.folder.path])
    let misled = try run.startWorkerWithKeys(
      endpoint: endpoint, server: run.folder.file("other.pub"))
    try waitUntil("both are told") {
      plain.errors.contains("one side encrypts and the other does not")
        && misled.errors.contains("wrong server key")
    }
    for worker in [plain, misled] {
      worker.signal(SIGTERM)
      _ = worker.ending()
    }
    let status = try Program.run(["status", run.directory.path, "--json"]).json()
    let counters = try #require(status["counters"] as? [String: Int])
    #expect(try #require(counters["failedHandshakes"]) > 0)
    #expect(status["workers"] as? Int == 0)
    let member = try run.startWorker("member")
    #expect(coordinator.ending().status == 0)
    #expect(member.ending().status == 0)
    #expect(try run.front()["evaluations"] as? Int == 200)
  }
}

extension DigitsRun {
  /// Starts a worker with a fresh key of its own and a peer's server key.
  func startWorkerWithKeys(endpoint: String, server: String) throws -> RunningProcess {
    let made = try Program.run(["keygen", "worker", "own", "--output", folder.path])
    #expect(made.status == 0, "\(made.errors)")
    return try Program.start([
      "worker", "--connect", endpoint, "--server-key", server, "--key-file",
      folder.file("own.key"), "--give-up-after", "10",
    ])
  }
}

/// A TCP port of this machine.
enum Port {
  /// Connects, sends some bytes and leaves.
  static func connect(_ port: UInt16, sending bytes: [UInt8]) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(status == 0)
    _ = unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }
}
