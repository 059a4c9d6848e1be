import Foundation
import Testing
import TestSupport

/// What single changes of the dense model lose.
@Suite(.serialized, .timeLimit(.minutes(20))) struct SensitivityTests {
  /// A search that needs constraints and only sparse patterns of a few layers.
  private static let yaml = """
    model: {weights: \(Checkout.demoData)/digits_vit_dense.safetensors}
    data: {search: \(Checkout.demoData)/search.safetensors}
    patterns: {default: ["4:4"], "blocks.0.*": ["1:4", "2:4", "4:4"]}
    accelerator: {profile: systolic32, batch: 8}
    constraints: {throughput: {atLeast: 1.01}}
    search: {population: 20, evaluations: 30, seed: 3, dropDominated: false}
    \(DigitsRun.numerics)
    """

  private func report(_ arguments: [String]) throws -> [String: Any] {
    let ending = try Program.run(["sensitivity"] + arguments + ["--json"])
    try #require(ending.status == 0, "\(ending.errors)")
    return try #require(
      JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [String: Any])
  }

  @Test func `every single change is measured once, as evaluate measures it`() throws {
    let run = try DigitsRun(yaml: Self.yaml)
    let chart = run.folder.file("bars.svg")
    let measured = try report([
      run.runFile, "--run-directory", run.directory.path, "--workers", "2", "--svg", chart,
    ])
    let entries = try #require(measured["entries"] as? [[String: Any]])
    #expect(measured["changes"] as? Int == entries.count)
    let images = try #require((measured["dense"] as? [String: Any])?["images"] as? Int)
    #expect(entries.count == 8 && entries.allSatisfy { $0["images"] as? Int == images })
    let last = try #require(
      entries.first {
        ($0["decision"] as? String, $0["choice"] as? String) == ("blocks.0.mlp.fc2", "1:4")
      })
    #expect(try #require(last["lossRise"] as? Double) > 0)
    #expect(try #require(last["throughput"] as? Double) > 1)

    // The same genome, measured apart from any run.
    var decisions = try #require(run.front()["decisions"] as? [String: Any])
      .mapValues { _ in "4:4" }
    decisions["blocks.0.mlp.fc2"] = "1:4"
    let genome = run.folder.file("genome.json")
    try JSONSerialization.data(withJSONObject: ["decisions": decisions])
      .write(to: URL(filePath: genome))
    let evaluated = try Program.run([
      "evaluate", "--model", "\(Checkout.demoData)/digits_vit_dense.safetensors",
      "--data", "\(Checkout.demoData)/search.safetensors", "--genome", genome, "--json",
    ])
    try #require(evaluated.status == 0, "\(evaluated.errors)")
    let alone = try #require(
      JSONSerialization.jsonObject(with: Data(evaluated.output.utf8)) as? [String: Any])
    let dense = try #require((measured["dense"] as? [String: Any])?["correct"] as? Int)
    let lost = try #require(last["accuracyLoss"] as? Double) * Double(images)
    #expect(alone["correct"] as? Int == dense - Int(lost.rounded()))

    // The chart has a bar for each, the table a line for each decision, and both are kept.
    let svg = try String(contentsOfFile: chart, encoding: .utf8)
    #expect(svg.split(separator: "<title>").count == entries.count + 1)
    let text = try Program.run(["sensitivity", "--run-directory", run.directory.path]).output
    #expect(text.contains("8 of 8 single changes measured"), "\(text)")
    #expect(FileManager.default.fileExists(atPath: run.directory.path + "/single-changes.json"))
    // Nothing is computed again.
    let again = try report([run.runFile, "--run-directory", run.directory.path, "--workers", "1"])
    #expect(again as NSDictionary == measured as NSDictionary)
  }

  @Test func `a search tells what it has measured of single changes`() throws {
    let run = try DigitsRun(evaluations: 24)
    let ending = try Program.run([
      "search", run.runFile, "--run-directory", run.directory.path, "--workers", "1",
    ])
    try #require(ending.status == 0, "\(ending.errors)")
    let found = try report(["--run-directory", run.directory.path])
    let changes = try #require(found["changes"] as? Int)
    #expect(try #require(found["measured"] as? Int) < changes)
  }

  @Test func `a folder without a run is refused`() throws {
    let folder = try TemporaryFolder()
    let ending = try Program.run(["sensitivity", "--run-directory", folder.file("none")])
    #expect(ending.status != 0)
    #expect(ending.errors.contains("no run in"), "\(ending.errors)")
  }
}
