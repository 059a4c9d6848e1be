import Foundation
import RunStorage
import SparsityCore
import TestSupport
import Testing

/// Searches of spaces that Elsa knows nothing of but names and costs.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct ListedSpaceTests {
  private static let program =
    "/usr/bin/python3 \(Checkout.root)/Tests/EndToEndTests/Evaluators/landscape.py"

  /// Twelve decisions whose choices cost 1, 2 and 4 times a size.
  private static func yaml(_ lines: String, hasLatency: Bool = true) -> String {
    let decisions = (1...12).map { size in
      let latency = hasLatency ? ", latency: [\(size) ms, \(2 * size) ms, \(4 * size) ms]" : ""
      return "  - {name: part\(size), choices: [small, middle, large], "
        + "macs: [\(size) M, \(2 * size) M, \(4 * size) M]\(latency)}"
    }
    return """
      evaluator: {name: landscape, version: "1"}
      data: {images: 90}
      decisions:
      \(decisions.joined(separator: "\n"))
      fidelity: {shardImages: 30}
      \(lines)
      """
  }

  private static func front(_ run: DigitsRun) throws -> [String: Any] {
    let output = try Program.run(["front", run.directory.path, "--json"]).output
    return try #require(
      JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
  }

  @Test func `twelve decisions with a table of costs are searched from the command line`() throws {
    let run = try DigitsRun(
      yaml: Self.yaml("costs: {macs: 5 M, latency: 10 ms}\nsearch: {evaluations: 120, seed: 2}"))
    let check = try Program.run(["check", run.runFile])
    #expect(check.status == 0, "\(check.output)\(check.errors)")
    #expect(check.output.contains("12 decisions, costs: macs, latency"), "\(check.output)")
    let search = try Program.run([
      "search", run.runFile, "--workers", "2", "--run-directory", run.directory.path,
      "--evaluator", Self.program,
    ])
    #expect(search.status == 0, "\(search.errors)")
    #expect(search.output.contains("choices"))
    #expect(!search.output.contains("density"), "\(search.output)")
    let front = try Self.front(run)
    let candidates = try #require(front["evaluations"] as? Int)
    #expect(candidates - (front["evaluationsSaved"] as? Int ?? 0) == 120)
    #expect(front["denseMacs"] as? Int == 5_000_000 + 4 * 78 * 1_000_000)
    let points = try #require(front["points"] as? [[String: Any]])
    #expect(points.count > 3)
    for point in points {
      let genome = try #require(point["genome"] as? [String: Any])
      let choices = try #require(genome["decisions"] as? [String: String])
      #expect(choices.count == 12)
      var units = 0
      for (name, choice) in choices {
        let factor = try #require(["small": 1, "middle": 2, "large": 4][choice])
        units += factor * (try #require(Int(name.dropFirst(4))))
      }
      #expect(point["macs"] as? Int == 5_000_000 + units * 1_000_000)
      let seconds = try #require(point["latencySeconds"] as? Double)
      #expect(abs(seconds - (0.01 + 0.001 * Double(units))) < 1e-12)
      #expect(abs(try #require(point["throughput"] as? Double) - 1 / seconds) < 1e-6 / seconds)
      #expect(point["density"] == nil && point["latencyCycles"] == nil)
    }
  }

  @Test func `workers make no difference to a strict search, killed and resumed on the way`() throws
  {
    let yaml = Self.yaml("search: {evaluations: 60, seed: 2, mode: strict, window: 8}")
    let arguments = ["--evaluator", Self.program]
    let calm = try DigitsRun(yaml: yaml)
    let coordinator = try calm.startCoordinator()
    let only = try calm.startWorker("only", arguments: arguments)
    let ending = coordinator.ending()
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(only.ending().status == 0)

    let rough = try DigitsRun(yaml: yaml)
    let first = try rough.startCoordinator()
    let doomed = try rough.startWorker("doomed", arguments: arguments)
    let steady = try rough.startWorker("steady", arguments: arguments)
    try rough.kill(doomed, "doomed", beside: "steady", thenCoordinator: first)
    let second = try rough.startCoordinator(resuming: true)
    let resumed = second.ending()
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(steady.ending().status == 0, "\(steady.errors)")
    #expect(try StrictRunTests.Outcome(rough) == StrictRunTests.Outcome(calm))
  }

  @Test func `measured latencies are objectives and limits, and told apart`() throws {
    let run = try DigitsRun(
      yaml: Self.yaml(
        """
        costs: {latency: measured}
        objectives: [accuracy, latency]
        constraints: {latency: {atMost: 7 ms}}
        search: {evaluations: 60, seed: 2}
        """, hasLatency: false))
    let search = try Program.run([
      "search", run.runFile, "--workers", "1", "--run-directory", run.directory.path,
      "--evaluator", Self.program,
    ])
    #expect(search.status == 0, "\(search.errors)")
    #expect(search.output.contains("images/s, measured"), "\(search.output)")
    #expect(search.output.contains("ms, least to greatest"))
    let front = try Self.front(run)
    #expect(front["measured"] as? [String] == ["latency"])
    #expect((front["referencePoint"] as? [String: Double])?["latency"] == 0.007)
    let points = try #require(front["points"] as? [[String: Any]])
    #expect(!points.isEmpty)
    for point in points {
      let measured = try #require((point["measured"] as? [String: [String: Double]])?["latency"])
      let (least, greatest) = (try #require(measured["least"]), try #require(measured["greatest"]))
      let median = try #require(measured["median"])
      #expect(least <= median && median <= greatest && greatest < 1.07 * least)
      #expect(median <= 0.007, "what breaks the limit is not on the front")
      #expect(point["latencySeconds"] as? Double == median)
    }
    let csv = try Program.run(["front", run.directory.path, "--csv"]).output
    #expect(csv.contains(",latency,"))
  }

  @Test func `costs that are measured too few times are refused before anything runs`() throws {
    let run = try DigitsRun(
      yaml: Self.yaml("costs: {latency: measured, repetitions: 5}", hasLatency: false))
    let search = try Program.run([
      "search", run.runFile, "--workers", "1", "--run-directory", run.directory.path,
      "--evaluator", Self.program,
    ])
    #expect(search.status == 2)
    #expect(search.errors.contains("fidelity: {shardImages: 18}"), "\(search.errors)")
  }

  @Test func `what needs a model says that there is none`() throws {
    let run = try DigitsRun(yaml: Self.yaml("search: {evaluations: 6}"))
    let search = try Program.run([
      "search", run.runFile, "--workers", "1", "--run-directory", run.directory.path,
      "--evaluator", Self.program,
    ])
    #expect(search.status == 0, "\(search.errors)")
    let prune = try Program.run([
      "prune", "--run", run.directory.path, "--point", "1", "--output",
      run.folder.file("pruned.safetensors"),
    ])
    #expect(prune.status != 0)
    #expect(prune.errors.contains("has no model"), "\(prune.errors)")
    let own = try run.startCoordinator(resuming: true)
    #expect(own.ending().status == 0)
  }
}
