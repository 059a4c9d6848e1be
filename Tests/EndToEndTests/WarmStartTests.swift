import Foundation
import Testing
import TestSupport

/// Searches that begin with what earlier ones have found.
@Suite(.serialized, .timeLimit(.minutes(20))) struct WarmStartTests {
  private func search(_ run: DigitsRun) throws -> RunningProcess.Ending {
    try Program.run([
      "search", run.runFile, "--run-directory", run.directory.path, "--workers", "1",
    ])
  }

  private func begin(
    with directory: String, algorithm: String = "bayesian"
  ) throws -> DigitsRun {
    try DigitsRun(
      evaluations: 12,
      search: "algorithm: \(algorithm), population: 20, evaluations: 12, seed: 3, "
        + "warmStart: [\(directory)]")
  }

  @Test(arguments: ["bayesian", "nsga2"])
  func `a run keeps what it began with, and needs the earlier run no more`(
    algorithm: String
  ) throws {
    let earlier = try DigitsRun(evaluations: 24)
    #expect(try search(earlier).status == 0)
    let run = try begin(with: earlier.directory.path, algorithm: algorithm)
    let ending = try search(run)
    try #require(ending.status == 0, "\(ending.errors)")
    #expect(ending.errors.contains("24 results of 24 of earlier runs"), "\(ending.errors)")
    let front = try run.front()
    #expect(front["evaluations"] as? Int == 12, "earlier results are no measurements")
    try FileManager.default.removeItem(atPath: earlier.directory.path)
    let again = try search(run)
    #expect(again.status == 0, "\(again.errors)")
    #expect(try run.front()["hypervolume"] as? Double == front["hypervolume"] as? Double)
    try FileManager.default.removeItem(atPath: run.directory.path + "/warm-start.json")
    let damaged = try search(run)
    #expect(damaged.status != 0 && damaged.errors.contains("warm-start.json"), "\(damaged.errors)")
  }

  @Test func `what cannot be begun with is refused before anything is written`() throws {
    let folder = try TemporaryFolder()
    let missing = try begin(with: folder.file("none"))
    var ending = try search(missing)
    #expect(ending.status == 2 && ending.errors.contains("holds no run"), "\(ending.errors)")
    #expect(!FileManager.default.fileExists(atPath: missing.directory.path + "/run.yaml"))

    let useless = try begin(with: folder.file("none"), algorithm: "random")
    ending = try search(useless)
    #expect(ending.status == 2)
    #expect(ending.errors.contains("random learns from no result"), "\(ending.errors)")
  }
}
