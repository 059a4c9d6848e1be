import Foundation
import Testing
import TestSupport

/// What only a machine's owner can arrange: a small disk and a network that is cut.
@Suite(.serialized, .timeLimit(.minutes(20))) struct DiskAndNetworkTests {
  /// Runs a command of the system and returns whether it succeeded.
  @discardableResult
  static func system(_ command: [String]) -> Bool {
    (try? RunningProcess("/usr/bin/env", command).ending().status) == 0
  }

  /// Whether file systems may be mounted here.
  static let mayMount: Bool = {
    let path = FileManager.default.temporaryDirectory.path + "/elsa-mount-\(getpid())"
    defer { _ = unsafe rmdir(path) }
    guard unsafe mkdir(path, 0o700) == 0 else { return false }
    guard system(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", path]) else { return false }
    return system(["umount", path])
  }()

  /// Whether networks of their own may be made here.
  static let mayMakeNetworks: Bool = {
    let name = "elsa-probe-\(getpid())"
    guard system(["ip", "netns", "add", name]) else { return false }
    let may = system(["ip", "-n", name, "link", "set", "lo", "up"])
    return system(["ip", "netns", "del", name]) && may
  }()

  @Test(.enabled(if: mayMount, "file systems may not be mounted here"))
  func `a full disk pauses the run with a diagnostic, and room lets it go on by itself`() throws {
    let disk = try TemporaryFolder()
    try #require(
      Self.system(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk.path]))
    defer { Self.system(["umount", "-l", disk.path]) }
    let run = try DigitsRun(evaluations: 400, directory: disk.file("run"))
    let coordinator = try run.startCoordinator()
    let worker = try run.startWorker("worker")
    try waitUntil("something is journaled") { try run.journaled().count > 10 }
    let ballast = disk.file("ballast")
    #expect(!Self.system(["dd", "if=/dev/zero", "of=\(ballast)", "bs=4k"]), "the disk is full")
    try waitUntil("the run pauses") {
      coordinator.errors.contains("the run pauses: no room left on the disk")
    }
    let status = try Program.run(["status", run.directory.path, "--json"]).json()
    #expect(status["state"] as? String == "paused")
    #expect(try #require(status["pausedBecause"] as? String).contains("free some space"))
    #expect(coordinator.isRunning)
    // Nothing is leased meanwhile: a worker that shall not wait for long leaves.
    let impatient = try run.startWorker("impatient", arguments: ["--idle-timeout", "1"]).ending()
    #expect(impatient.status == 10, "\(impatient.errors)")
    #expect(impatient.errors.contains("there was nothing to do for 1.0 seconds"))
    #expect(run.computed(by: "impatient").isEmpty)
    try FileManager.default.removeItem(atPath: ballast)
    let ending = coordinator.ending()
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(ending.errors.contains("the run goes on"))
    #expect(worker.ending().status == 0)
    #expect(try run.front()["evaluations"] as? Int == 400)
    let journaled = try run.journaledList()
    #expect(Set(journaled).count == journaled.count)
    #expect(Set(run.computed(by: "worker")) == Set(journaled))
  }

  @Test(.enabled(if: mayMount, "file systems may not be mounted here"))
  func `a disk that fills while inputs are fetched is named, and room lets the fetch go on`() throws
  {
    let run = try InputTests.HiddenRun()
    let coordinator = try run.startHiddenCoordinator(rate: "128K")
    let home = try TemporaryFolder()
    let cache = home.file("cache")
    try FileManager.default.createDirectory(atPath: cache, withIntermediateDirectories: true)
    try #require(Self.system(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", cache]))
    defer { Self.system(["umount", "-l", cache]) }
    let first = try run.startStranger(home: home)
    try waitUntil("a file has begun") {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(cache)/elsa")) ?? []
      return names.contains { $0.hasSuffix(".part") }
    }
    let ballast = "\(cache)/ballast"
    #expect(!Self.system(["dd", "if=/dev/zero", "of=\(ballast)", "bs=4k"]), "the disk is full")
    let ending = first.ending()
    #expect(ending.status == 1)
    #expect(ending.errors.contains("is full; free some space"), "\(ending.errors)")
    #expect(ending.errors.contains("\(cache)/elsa"), "\(ending.errors)")
    #expect(coordinator.isRunning)
    try FileManager.default.removeItem(atPath: ballast)
    let second = try run.startStranger(home: home)
    #expect(coordinator.ending().status == 0)
    let secondEnding = second.ending()
    #expect(secondEnding.status == 0, "\(secondEnding.errors)")
    #expect(try run.outcome().told.count == 12)
  }

  @Test(.enabled(if: mayMakeNetworks, "network namespaces may not be made here"))
  func `workers that are cut off lose their leases and return when the network does`() throws {
    let network = "elsa-\(getpid())"
    defer { Self.system(["ip", "netns", "del", network]) }
    try #require(Self.system(["ip", "netns", "add", network]))
    func connect(_ state: String) throws {
      try #require(Self.system(["ip", "-n", network, "link", "set", "lo", state]))
    }
    try connect("up")
    let run = try DigitsRun(evaluations: 5_000)
    func start(_ arguments: [String]) throws -> RunningProcess {
      try Program.start(
        ["ip", "netns", "exec", network, Program.path] + arguments,
        program: "/usr/bin/env")
    }
    let coordinator = try start([
      "coordinator", run.runFile, "--run-directory", run.directory.path,
    ])
    try waitUntil("the coordinator listens") { try run.connection() != nil }
    let names = ["first", "second"]
    let workers = try names.map { try start(run.workerArguments($0)) }
    func haveComputed(_ count: Int) -> Bool {
      names.allSatisfy { run.computed(by: $0).count > count }
    }
    try waitUntil("both workers have computed") { haveComputed(2) }
    try connect("down")
    try waitUntil("the losses are noticed") {
      try names.allSatisfy { try run.logged("worker \($0) is lost") != nil }
    }
    let before = names.map { run.computed(by: $0).count }
    try connect("up")
    try waitUntil("the run goes on") { haveComputed((before.max() ?? 0) + 3) }
    let drain = try start(["drain", run.directory.path])
    #expect(drain.ending().status == 0)
    _ = coordinator.ending()
    for worker in workers { #expect(worker.ending().status == 10) }
    let journaled = try run.journaledList()
    #expect(Set(journaled).count == journaled.count)
    #expect((try run.front()["quarantined"] as? [Any])?.count == 0)
  }
}
