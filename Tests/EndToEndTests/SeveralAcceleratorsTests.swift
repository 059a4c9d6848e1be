import Foundation
import Testing
import TestSupport

/// A search for two accelerators at once, one of them of a file.
@Suite(.serialized, .timeLimit(.minutes(20))) struct SeveralAcceleratorsTests {
  private static let model = "\(Checkout.demoData)/digits_vit_dense.safetensors"

  private func yaml(evaluations: Int = 24, batch: Int = 4) -> String {
    """
    model: {weights: \(Self.model)}
    data: {search: \(Checkout.demoData)/search.safetensors}
    patterns: ["1:4", "2:4", "4:4"]
    accelerators:
      - {profile: systolic32, batch: 8, name: array}
      - {profile: mine.yaml, batch: \(batch)}
    constraints: {throughput@mine: {atLeast: 1.01}}
    referencePoint: {accuracy: 0.25, throughput@array: 1, throughput@mine: 1.0}
    search: {population: 8, evaluations: \(evaluations), seed: 3}
    fidelity: {shardImages: 225, earlyStopping: false}
    """
  }

  @Test func `members cost what each accelerator alone says, and a run goes on`() throws {
    let folder = try TemporaryFolder()
    let shown = try Program.run(["accelerators", "show", "vegeta"])
    _ = try folder.write(
      shown.output.replacingOccurrences(of: "name: vegeta", with: "name: mine"), to: "mine.yaml")
    let runFile = try folder.write(yaml(), to: "run.yaml")
    let run = folder.file("run")
    let check = try Program.run(["check", runFile])
    #expect(check.output.contains("systolic32 (array), batch 8"), "\(check.output)\(check.errors)")
    #expect(check.output.contains("mine, batch 4"), "\(check.output)")
    let search = try Program.run(["search", runFile, "--workers", "1", "--run-directory", run])
    try #require(search.status == 0, "\(search.errors)")
    #expect(search.output.contains("images/s@array") && search.output.contains("× dense@mine"))
    #expect(FileManager.default.fileExists(atPath: "\(run)/accelerator2.yaml"))
    try matchesEstimates(run, folder)
    try answersRequests(run)

    let other = try folder.write(yaml(batch: 8), to: "other.yaml")
    let refused = try Program.run(["search", other, "--workers", "1", "--run-directory", run])
    #expect(refused.status != 0)
    #expect(refused.errors.contains("accelerators.mine.batch is 8, the run has 4"))
    let more = try folder.write(yaml(evaluations: 30), to: "more.yaml")
    let resumed = try Program.run(["search", more, "--workers", "1", "--run-directory", run])
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try Program.run(["front", run, "--json"]).json()["evaluations"] as? Int == 30)
  }

  /// Every member has the cycles that `elsa estimate` gives it on either accelerator.
  private func matchesEstimates(_ run: String, _ folder: TemporaryFolder) throws {
    let front = try Program.run(["front", run, "--json"]).json()
    #expect(
      front["objectives"] as? [String] == ["accuracy", "throughput@array", "throughput@mine"])
    let points = try #require(front["points"] as? [[String: Any]])
    #expect(points.count > 1)
    let known = try #require(front["accelerators"] as? [[String: Any]])
    #expect(known.map { $0["name"] as? String } == ["array", "mine"])
    for (row, point) in points.enumerated() {
      let costs = try #require(point["accelerators"] as? [String: [String: Any]])
      for (name, profile, batch) in [
        ("array", "systolic32", "8"), ("mine", folder.file("mine.yaml"), "4"),
      ] {
        let estimate = try Program.run([
          "estimate", "--model", Self.model, "--genome", "\(run)/front.json", "--point",
          "\(row + 1)", "--accelerator", profile, "--batch", batch, "--json",
        ]).json()
        let own = try #require(costs[name])
        #expect(own["latencyCycles"] as? Int == estimate["latencyCycles"] as? Int)
        #expect(own["throughput"] as? Double == estimate["throughputImagesPerSecond"] as? Double)
        #expect(own["weightBytes"] as? Int == estimate["weightBytes"] as? Int)
      }
      let mine = try #require(costs["mine"]?["throughput"] as? Double)
      let dense = try #require(known[1]["dense"] as? [String: Any])
      #expect(mine >= 1.01 * (try #require(dense["throughput"] as? Double)))
    }
    let csv = try Program.run(["front", run, "--csv"]).output
    #expect(csv.contains(",throughput@mine,"))
    let status = try Program.run(["status", run, "--json"]).json()
    let reference = try #require(status["referencePoint"] as? [String: Double])
    #expect(Set(reference.keys) == ["accuracy", "throughput@array", "throughput@mine"])
    #expect(reference["accuracy"] == 0.25)
    #expect(status["hypervolume"] as? Double == front["hypervolume"] as? Double)
  }

  private func answersRequests(_ run: String) throws {
    let ending = try Program.run(["front", run, "--throughput-at-least", "1.05x@mine", "--json"])
    #expect(ending.status == 0, "\(ending.errors)")
    let answer = try ending.json()
    #expect(answer["request"] as? [String] == ["throughput@mine at least 1.05 × dense"])
    let unnamed = try Program.run(["front", run, "--throughput-at-least", "1.05x"])
    #expect(unnamed.status == 2)
    #expect(unnamed.errors.contains("there are array, mine"), "\(unnamed.errors)")
  }
}
