import Foundation
import RunStorage
import Testing
import TestSupport
import WireProtocol

/// Workers that see no file of the run and fetch what they need.
@Suite(.serialized, .timeLimit(.minutes(20))) struct InputTests {
  private static let train =
    "\(Checkout.fixtures)/digits/train.safetensors"

  /// A strict search with a calibrated bank, on copies of the digits in a folder of its own.
  struct HiddenRun {
    let folder: TemporaryFolder
    let directory: RunDirectory

    init() throws {
      folder = try TemporaryFolder()
      directory = RunDirectory(path: folder.file("run"))
      let sources = [
        "model.safetensors": "\(Checkout.demoData)/digits_vit_dense.safetensors",
        "config.json": "\(Checkout.demoData)/config.json",
        "search.safetensors": "\(Checkout.demoData)/search.safetensors",
        "train.safetensors": InputTests.train,
      ]
      for (name, source) in sources {
        try FileManager.default.copyItem(atPath: source, toPath: folder.file(name))
      }
      _ = try folder.write(
        """
        model: {weights: model.safetensors}
        data: {search: search.safetensors, calibration: train.safetensors}
        patterns: ["1:4", "2:4", "3:4", "4:4"]
        pruning: sparsegpt
        accelerator: {profile: systolic32, batch: 8}
        search: {population: 6, evaluations: 12, seed: 3, mode: strict, window: 4}
        fidelity: {shardImages: 90}
        \(DigitsRun.numerics)
        """, to: "run.yaml")
    }

    /// Starts the coordinator with encryption, then takes the inputs away from their paths.
    func startHiddenCoordinator(rate: String?) throws -> RunningProcess {
      let coordinator = try Program.start(
        ["coordinator", "run.yaml", "--run-directory", "run"]
          + (rate.map { ["--input-rate", $0] } ?? []), in: folder.path)
      try waitUntil("the coordinator listens") {
        guard coordinator.isRunning else {
          throw DigitsRun.EarlyEnd(diagnostic: coordinator.errors)
        }
        return FileManager.default.fileExists(atPath: directory.connectionFilePath)
      }
      let names = ["model.safetensors", "search.safetensors"]
      for name in names + ["run/bank.safetensors", "run/config.json"] {
        try FileManager.default.moveItem(
          atPath: folder.file(name), toPath: folder.file(name + ".moved"))
      }
      return coordinator
    }

    /// Starts a worker in an empty folder that knows an address and keys, nothing else.
    func startStranger(home: TemporaryFolder) throws -> RunningProcess {
      let connection = try ConnectionFile(path: directory.connectionFilePath)
      return try Program.start(
        [
          "worker", "--connect", connection.endpoints[0], "--server-key",
          try #require(connection.serverKey), "--threads", "1",
        ],
        in: home.path,
        environment: [
          "ELSA_WORKER_SECRET_KEY": connection.workerSecretKey, "HOME": home.path,
          "XDG_CACHE_HOME": home.file("cache"),
        ])
    }

    /// The results and the evaluations, in the order in which the search was told of them.
    func outcome() throws -> (shards: [ShardKey: ShardMeasurement], told: [EvaluatedCandidate]) {
      var outcome: (shards: [ShardKey: ShardMeasurement], told: [EvaluatedCandidate]) = ([:], [])
      for record in try JournalReader(of: directory).records() {
        switch record {
        case .evaluated(var evaluation):
          // Anyone who has measured it.
          evaluation.keyNames = []
          outcome.told.append(evaluation)
        case .shardCompleted(let completion):
          outcome.shards[completion.key] = completion.measurement
        case .opened, .joined, .proposed, .confirmed, .discarded, .quarantined: break
        }
      }
      return outcome
    }
  }

  /// The chunks that a worker says it has fetched and found, for each input.
  private func fetches(_ errors: String) -> [String: (fetched: Int, stored: Int)] {
    let line = /fetched the ([a-z ]+), .*: (\d+) chunks?, (\d+) here already/
    var fetches: [String: (fetched: Int, stored: Int)] = [:]
    for match in errors.matches(of: line) {
      fetches[String(match.1)] = (Int(match.2) ?? -1, Int(match.3) ?? -1)
    }
    return fetches
  }

  private func chunkCount(_ path: String) throws -> Int {
    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
    return Inventory.chunkCount(ofSize: try #require(size))
  }

  @Test func `a worker in an empty folder fetches all inputs and computes the same bits`() throws {
    let local = try HiddenRun()
    let search = try Program.run(
      ["search", "run.yaml", "--run-directory", "run", "--workers", "1"], in: local.folder.path)
    #expect(search.status == 0, "\(search.errors)")

    let remote = try HiddenRun()
    let coordinator = try remote.startHiddenCoordinator(rate: nil)
    let home = try TemporaryFolder()
    let worker = try remote.startStranger(home: home)
    let ending = coordinator.ending()
    #expect(ending.status == 0, "\(ending.errors)")
    let workerEnding = worker.ending()
    #expect(workerEnding.status == 0, "\(workerEnding.errors)")
    let fetched = fetches(workerEnding.errors)
    #expect(Set(fetched.keys) == ["model", "configuration", "search set", "weight bank"])
    #expect(try fetched["model"]?.fetched == chunkCount(local.folder.file("model.safetensors")))

    let expected = try local.outcome()
    let found = try remote.outcome()
    #expect(expected.told.count == 12)
    #expect(found.told == expected.told)
    #expect(found.shards == expected.shards)
  }

  @Test func `a worker that is killed while it fetches goes on where it was`() throws {
    let run = try HiddenRun()
    let bankChunks = { try chunkCount(run.folder.file("run/bank.safetensors.moved")) }
    // Two chunks a second leave time to see a file grow: the model has ten.
    let coordinator = try run.startHiddenCoordinator(rate: "128K")
    let home = try TemporaryFolder()
    let victim = try run.startStranger(home: home)
    let cache = home.file("cache/elsa")
    func parts() -> [String] {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: cache)) ?? []
      return names.filter { $0.hasSuffix(".part") }
    }
    try waitUntil("a file is half there") {
      try parts().contains { name in
        let path = "\(cache)/\(name)"
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        return size >= WireLimits.chunkSize
      }
    }
    victim.signal(SIGKILL)
    _ = victim.ending()
    #expect(parts().count == 1)

    let other = try run.startStranger(home: home)
    #expect(coordinator.ending().status == 0)
    let ending = other.ending()
    #expect(ending.status == 0, "\(ending.errors)")
    let fetched = fetches(ending.errors)
    let model = try #require(fetched["model"])
    let modelChunks = try chunkCount(run.folder.file("model.safetensors.moved"))
    #expect(model.stored >= 1)
    #expect(model.fetched + model.stored == modelChunks)
    #expect(try fetched["weight bank"]?.fetched == bankChunks())
    #expect(try run.outcome().told.count == 12)
  }

  @Test func `workers use shared files, or fetch if they are told to`() throws {
    let run = try DigitsRun(evaluations: 4)
    let coordinator = try run.startCoordinator()
    let home = try TemporaryFolder()
    func start(_ more: [String]) throws -> RunningProcess {
      try Program.start(
        [
          "worker", "--connection-file", run.directory.connectionFilePath, "--threads", "1",
          "--cache-directory", home.file("cache"),
        ] + more, in: home.path)
    }
    let small = try start(["--no-shared-files", "--cache-size", "100K"]).ending()
    #expect(small.status == 1)
    #expect(small.errors.contains("--cache-size"), "\(small.errors)")
    let worker = try start([])
    #expect(coordinator.ending().status == 0)
    let ending = worker.ending()
    #expect(ending.status == 0)
    #expect(fetches(ending.errors).isEmpty)

    let again = try DigitsRun(evaluations: 4)
    let second = try again.startCoordinator()
    let fetching = try Program.start(
      [
        "worker", "--connection-file", again.directory.connectionFilePath, "--threads", "1",
        "--cache-directory", home.file("cache"), "--no-shared-files",
      ], in: home.path)
    #expect(second.ending().status == 0)
    let fetchingEnding = fetching.ending()
    #expect(fetchingEnding.status == 0)
    #expect(fetches(fetchingEnding.errors).keys.contains("model"))
  }
}
