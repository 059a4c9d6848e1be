import Foundation
import RunStorage
import Testing
import TestSupport

/// What signals do to the processes of a run.
@Suite(.serialized, .timeLimit(.minutes(20))) struct StopTests {
  @Test(arguments: [SIGTERM, SIGINT])
  func `a signal ends the coordinator alone, and its worker goes on with the next one`(
    number: Int32
  ) throws {
    let run = try DigitsRun(evaluations: 120)
    let first = try run.startCoordinator()
    let worker = try run.startWorker("worker")
    try waitUntil("the worker has computed") { run.computed(by: "worker").count > 3 }
    first.signal(number)
    let stopped = first.ending()
    #expect(stopped.status == 11)
    #expect(stopped.errors.contains("--resume"), "\(stopped.errors)")
    #expect(try run.connection() == nil, "the connection file goes with its coordinator")
    #expect(try run.logged("asked to end: 1 worker waits until the run goes on") != nil)
    try waitUntil("the worker has been told") { worker.errors.contains("waiting until it is back") }
    #expect(worker.isRunning)

    let second = try run.startCoordinator(resuming: true)
    #expect(second.ending().status == 0)
    let ending = worker.ending()
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(ending.errors.contains("the coordinator is back, term 2"))
    #expect(try run.front()["evaluations"] as? Int == 120)
    let computed = run.computed(by: "worker")
    #expect(Set(computed) == (try run.journaled()))
    #expect(computed.count == Set(computed).count, "nothing was computed twice")
  }

  @Test func `an operator's drain ends all, each with its status`() throws {
    let run = try DigitsRun(evaluations: 20_000)
    let coordinator = try run.startCoordinator()
    let workers = try ["one", "two"].map { try run.startWorker($0) }
    try waitUntil("both have computed") {
      ["one", "two"].allSatisfy { run.computed(by: $0).count > 3 }
    }
    #expect(try Program.run(["drain", run.directory.path]).status == 0)
    for worker in workers { #expect(worker.ending().status == 10) }
    #expect(coordinator.ending().status == 11)
    #expect(try run.logged("is lost") == nil)
  }

  @Test func `a search that is stopped ends the processes that it started`() throws {
    let run = try DigitsRun(evaluations: 20_000)
    let search = try Program.start([
      "search", run.runFile, "--run-directory", run.directory.path, "--workers", "2",
    ])
    try waitUntil("both workers are there") {
      try run.logged("worker worker-1 joined") != nil && run.logged("worker worker-2 joined") != nil
    }
    try waitUntil("the search goes on") { try run.journaled().count > 10 }
    let owner = try #require(try run.connection()).processID
    search.signal(SIGTERM)
    let ending = search.ending()
    #expect(ending.status == 11, "\(ending.errors)")
    #expect(ending.errors.contains("go on with: elsa search"), "\(ending.errors)")
    #expect(kill(owner, 0) != 0, "the coordinator has ended")
    for name in ["worker-1", "worker-2"] {
      #expect(try run.logged("worker \(name) left: the worker was asked to leave") != nil)
    }
    #expect(try run.logged("is lost") == nil)
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func `a signal that comes twice is one`(number: Int32) throws {
    let run = try DigitsRun(evaluations: 400)
    let coordinator = try run.startCoordinator()
    let leaving = try run.startWorker("leaving")
    try waitUntil("the worker has computed") { run.computed(by: "leaving").count > 3 }
    // As a step and its batch script, or a terminal and a parent, get the same request.
    leaving.signal(number)
    leaving.signal(number)
    if number == SIGINT { leaving.signal(SIGTERM) }
    let ending = leaving.ending()
    #expect(ending.status == 10, "\(ending.errors)")
    try run.waitUntilLogged("worker leaving left: the worker was asked to leave")
    #expect(try run.logged("worker leaving is lost") == nil)
    coordinator.signal(number)
    coordinator.signal(number)
    #expect(coordinator.ending().status == 11)
    #expect(Set(run.computed(by: "leaving")) == (try run.journaled()))
  }

  @Test(arguments: [(SIGINT, 0.3), (SIGTERM, 10.0)])
  func `a signal that is repeated after its time ends a worker at once`(
    number: Int32, patienceSeconds: Double
  ) throws {
    let run = try DigitsRun(evaluations: 20_000)
    let coordinator = try run.startCoordinator()
    let worker = try run.startWorker("worker")
    try waitUntil("the worker has computed") { run.computed(by: "worker").count > 3 }
    // Without its coordinator a worker keeps what it has measured for a while.
    coordinator.signal(SIGSTOP)
    let before = run.computed(by: "worker").count
    try waitUntil("a result waits") { run.computed(by: "worker").count > before }
    let start = ContinuousClock.now
    worker.signal(number)
    try waitUntil("the worker has heard it") { worker.errors.contains("takes no new work") }
    #expect(worker.isRunning)
    try waitUntil("the worker has ended") {
      worker.signal(number)
      return !worker.isRunning
    }
    #expect(ContinuousClock.now - start >= .seconds(patienceSeconds))
    let ending = worker.ending()
    #expect(ending.isBySignal)
    #expect(ending.status == number)
    coordinator.signal(SIGKILL)
    coordinator.signal(SIGCONT)
    _ = coordinator.ending()
  }

  // MARK: Preparation

  /// A folder with so many images that packing them takes longer than any of these tests waits.
  private static func manyImages(in folder: TemporaryFolder) throws -> String {
    let source = "\(Checkout.fixtures)/images/grey.png"
    let images = folder.file("many")
    for label in ["a", "b"] {
      let path = "\(images)/\(label)"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      let first = "\(path)/first.png"
      try FileManager.default.copyItem(atPath: source, toPath: first)
      for index in 0..<15_000 { #expect(unsafe link(first, "\(path)/\(index).png") == 0) }
    }
    return images
  }

  private static func partialFiles(in path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".partial") }
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func `packing ends by the signal and leaves nothing half done`(number: Int32) throws {
    let folder = try TemporaryFolder()
    let images = try Self.manyImages(in: folder)
    let packing = try Program.start([
      "pack", images, "--model", "\(Checkout.demoData)/digits_vit_dense.safetensors", "--output",
      folder.file("packed.safetensors"),
    ])
    try waitUntil("packing has begun") { try !Self.partialFiles(in: folder.path).isEmpty }
    packing.signal(number)
    let ending = packing.ending()
    #expect(ending.isBySignal)
    #expect(ending.status == number)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["many"])
  }

  @Test func `a coordinator that packs ends when it is asked to`() throws {
    let folder = try TemporaryFolder()
    let images = try Self.manyImages(in: folder)
    try "a 0\nb 1\n".write(toFile: "\(images)/classes.txt", atomically: true, encoding: .utf8)
    let runFile = try folder.write(
      """
      model: {weights: \(Checkout.demoData)/digits_vit_dense.safetensors}
      data: {search: \(images)}
      patterns: ["2:4", "4:4"]
      accelerator: {profile: systolic32, batch: 8}
      search: {population: 10, evaluations: 20, seed: 3}
      """, to: "run.yaml")
    let directory = RunDirectory(path: folder.file("run"))
    let coordinator = try Program.start([
      "coordinator", runFile, "--run-directory", directory.path,
    ])
    try waitUntil("packing has begun") {
      guard coordinator.isRunning else {
        throw DigitsRun.EarlyEnd(diagnostic: coordinator.errors)
      }
      guard FileManager.default.fileExists(atPath: directory.path) else { return false }
      return try !Self.partialFiles(in: directory.path).isEmpty
    }
    coordinator.signal(SIGTERM)
    let ending = coordinator.ending()
    #expect(ending.status == 11)
    #expect(ending.errors.contains("stopped while the run was prepared"), "\(ending.errors)")
    #expect(try Self.partialFiles(in: directory.path).isEmpty)
    #expect(!FileManager.default.fileExists(atPath: directory.file("search.safetensors")))
  }

  @Test func `finished layers of a bank are kept`() throws {
    let train = "\(Checkout.fixtures)/digits/train.safetensors"
    let run = try DigitsRun(evaluations: 8, lines: "pruning: reconstruction", calibration: train)
    let coordinator = try Program.start([
      "coordinator", run.runFile, "--run-directory", run.directory.path,
    ])
    func layers() throws -> [String: Date] {
      guard FileManager.default.fileExists(atPath: run.directory.path) else { return [:] }
      let names = try FileManager.default.subpathsOfDirectory(atPath: run.directory.path)
      let files = names.filter { $0.hasPrefix("bank-") && $0.hasSuffix(".safetensors") }
        .filter { !$0.contains("/.") }
      return try Dictionary(
        uniqueKeysWithValues: files.map { name in
          let attributes = try FileManager.default.attributesOfItem(
            atPath: run.directory.file(name))
          return (name, try #require(attributes[.modificationDate] as? Date))
        })
    }
    try waitUntil("a layer is finished") {
      guard coordinator.isRunning else {
        throw DigitsRun.EarlyEnd(diagnostic: coordinator.errors)
      }
      return try !layers().isEmpty
    }
    coordinator.signal(SIGTERM)
    #expect(coordinator.ending().status == 11)
    let kept = try layers()
    #expect(!kept.isEmpty)
    #expect(!FileManager.default.fileExists(atPath: run.directory.file("bank.safetensors")))
    let second = try Program.start([
      "coordinator", run.runFile, "--run-directory", run.directory.path,
    ])
    try waitUntil("the next layer is finished") {
      guard second.isRunning else { throw DigitsRun.EarlyEnd(diagnostic: second.errors) }
      let now = try layers()
      // When all are there, the folder goes.
      guard now.count > kept.count else { return try run.connection() != nil }
      #expect(kept.allSatisfy { now[$0.key] == $0.value }, "a finished layer was built again")
      return true
    }
    second.signal(SIGTERM)
    #expect(second.ending().status == 11)
  }
}
