import Foundation
import RunStorage
import Testing
import TestSupport

/// Peers without a key, as real processes and real connections.
@Suite(.serialized, .timeLimit(.minutes(20))) struct StrangerTests {
  /// Connections that are held open.
  private final class Crowd {
    /// The connections at once; the oldest make room for more.
    static let countMax = 400
    private var descriptors: [Int32] = []

    /// Opens connections that say nothing; those that find no room in a moment are left out.
    func join(_ port: UInt16, count: Int) {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      for _ in 0..<count {
        let descriptor = socket(
          AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return }
        _ = unsafe withUnsafePointer(to: &address) { pointer in
          unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
          }
        }
        descriptors.append(descriptor)
      }
      let excess = descriptors.count - Self.countMax
      guard excess > 0 else { return }
      for descriptor in descriptors.prefix(excess) { close(descriptor) }
      descriptors.removeFirst(excess)
    }

    deinit { for descriptor in descriptors { close(descriptor) } }
  }

  /// Starts a coordinator that may have so many descriptors.
  private func startCoordinator(_ run: DigitsRun, descriptors: Int) throws -> RunningProcess {
    let command =
      "ulimit -n \(descriptors) && exec '\(Program.path)' coordinator '\(run.runFile)' "
      + "--run-directory '\(run.directory.path)'"
    let coordinator = try Program.start(["-c", command], program: "/bin/bash")
    try waitUntil("the coordinator listens") {
      guard coordinator.isRunning else {
        throw DigitsRun.EarlyEnd(diagnostic: coordinator.errors)
      }
      return try run.connection() != nil
    }
    return coordinator
  }

  private func port(of run: DigitsRun) throws -> UInt16 {
    let endpoint = try #require(try run.connection()?.endpoints.first)
    return try #require(endpoint.split(separator: ":").last.flatMap { UInt16($0) })
  }

  /// The processor time that a process has used.
  private func processorSeconds(of process: Int32) throws -> Double {
    let text = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
    let fields = text[(try #require(text.lastIndex(of: ")")))...].split(separator: " ")
    let ticks = try #require(Int(fields[12])) + #require(Int(fields[13]))
    return Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  @Test func `strangers up to the descriptor limit end no session, and newcomers still get in`()
    throws
  {
    let run = try DigitsRun(evaluations: 100_000)
    let coordinator = try startCoordinator(run, descriptors: 128)
    let early = try run.startWorker("early")
    try waitUntil("the worker has computed") { run.computed(by: "early").count > 3 }
    let crowd = Crowd()
    let port = try port(of: run)
    try waitUntil("strangers are turned away") {
      // The kernel drops those that come while its queue is full, so a crowd comes bit by bit.
      crowd.join(port, count: 10)
      return try run.logged("was silent: its connection was ended") != nil
    }
    // Keys are read each second meanwhile; a few of these readings are enough.
    let at = run.computed(by: "early").count
    let key = try Program.run([
      "keygen", "operator", "ann", "--output", run.folder.path, "--authorize", run.directory.path,
    ])
    #expect(key.status == 0, "\(key.errors)")
    try waitUntil("the new key is seen") { try run.logged("2 operators may connect") != nil }
    try waitUntil("the worker goes on") { run.computed(by: "early").count > at + 3 }
    let late = try run.startWorker("late")
    try waitUntil("a newcomer has computed") { run.computed(by: "late").count > 3 }
    for worker in [early, late] {
      #expect(worker.isRunning, "\(worker.errors)")
      #expect(!worker.errors.contains("not allowed any more"))
    }
    #expect(try Program.run(["drain", run.directory.path]).status == 0)
    #expect(early.ending().status == 10)
    #expect(late.ending().status == 10)
    #expect(coordinator.ending().status == 11)
    withExtendedLifetime(crowd) {}
  }

  @Test func `at its limit a coordinator idles, and workers beyond it are told and let go`()
    throws
  {
    let run = try DigitsRun(evaluations: 100_000)
    // 64 descriptors are kept back, so two workers have a place.
    let coordinator = try startCoordinator(run, descriptors: 66)
    let crowd = Crowd()
    crowd.join(try port(of: run), count: 200)
    let process = coordinator.processIdentifier
    try waitUntil("the crowd is noticed") {
      try run.logged("was silent: its connection was ended") != nil
    }
    let (start, before) = (ContinuousClock.now, try processorSeconds(of: process))
    try waitUntil("some time has passed") { ContinuousClock.now - start > .seconds(3) }
    let used = try processorSeconds(of: process) - before
    #expect(used < 1.5, "a process that spins uses three seconds")

    let names = ["one", "two", "three", "four"]
    let workers = try names.map { try run.startWorker($0) }
    try waitUntil("two compute and two are told") {
      names.count { !run.computed(by: $0).isEmpty } == 2
        && workers.count { $0.errors.contains("there are 2 workers, the limit") } == 2
    }
    #expect(try Program.run(["drain", run.directory.path]).status == 0)
    for worker in workers where worker.errors.contains("the limit") {
      worker.signal(SIGTERM)
    }
    for worker in workers { #expect(worker.ending().status == 10) }
    #expect(coordinator.ending().status == 11)
    withExtendedLifetime(crowd) {}
  }

  @Test func `a search on this machine lets nobody in without a key`() throws {
    let run = try DigitsRun(evaluations: 100_000)
    let search = try Program.start([
      "search", run.runFile, "--run-directory", run.directory.path, "--workers", "1",
    ])
    try waitUntil("the search has begun") { try run.connection() != nil }
    let connection = try #require(try run.connection())
    #expect(connection.serverKey != nil)
    let stranger = try Program.run([
      "worker", "--connect", connection.endpoints[0], "--insecure-plain-text", "--give-up-after",
      "10",
    ])
    #expect(stranger.status == 1)
    #expect(stranger.errors.contains("one side encrypts and the other does not"))
    try waitUntil("its own worker has joined") { try run.logged("worker-1 joined") != nil }
    search.signal(SIGTERM)
    #expect(search.ending().status == 11)
  }
}
