import Foundation
import Testing
import TestSupport

/// Intervals on a real front, and the members that requests lead to.
@Suite(.serialized, .timeLimit(.minutes(20))) struct FrontRequestTests {
  let run: DigitsRun

  /// Finishes a small run.
  init() throws {
    run = try DigitsRun(evaluations: 24)
    let ending = try Program.run([
      "search", run.runFile, "--run-directory", run.directory.path, "--workers", "1",
    ])
    try #require(ending.status == 0, "\(ending.errors)")
  }

  private func answer(_ arguments: [String], status: Int32 = 0) throws -> [String: Any] {
    let ending = try Program.run(["front", run.directory.path, "--json"] + arguments)
    #expect(ending.status == status, "\(ending.errors)")
    return try #require(
      JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [String: Any])
  }

  private func interval(_ value: Any?) throws -> ClosedRange<Double> {
    let ends = try #require(value as? [String: Double])
    return try #require(ends["lower"])...(try #require(ends["upper"]))
  }

  @Test func `every member of a front has its intervals, and they hold what was found`() throws {
    let front = try run.front()
    let dense = try #require(front["dense"] as? [String: Any])
    let denseAccuracy = try #require(dense["accuracy"] as? Double)
    #expect(try interval(dense["accuracyInterval"]).contains(denseAccuracy))
    let points = try #require(front["points"] as? [[String: Any]])
    #expect(points.count > 2)
    for point in points {
      let accuracy = try #require(point["accuracy"] as? Double)
      let loss = try #require(point["accuracyLoss"] as? Double)
      #expect(try interval(point["accuracyInterval"]).contains(accuracy))
      #expect(try interval(point["accuracyLossInterval"]).contains(loss))
      #expect(abs(denseAccuracy - accuracy - loss) < 1e-12)
    }
    let text = try Program.run(["front", run.directory.path]).output
    #expect(text.contains("points lost (95 %)") && text.contains("\ndense: "), "\(text)")
    let csv = try Program.run(["front", run.directory.path, "--csv"]).output
    #expect(csv.contains(",accuracyLossLower,accuracyLossUpper,"))
  }

  @Test func `the answer to a request is pruned by the command that it names`() throws {
    let answer = try answer(["--accuracy-loss-at-most", "20", "--throughput-at-least", "1.2x"])
    #expect(answer["isMet"] as? Bool == true)
    #expect(answer["bestIn"] as? String == "accuracy", "with bounds on both the first decides")
    let point = try #require(answer["point"] as? [String: Any])
    let front = try run.front()
    let dense = try #require(front["denseThroughput"] as? Double)
    #expect(try #require(point["throughput"] as? Double) >= 1.2 * dense)
    #expect(try #require(point["accuracyLoss"] as? Double) <= 0.2)
    let command = try #require(answer["command"] as? String)
    let words = command.split(separator: " ").map(String.init)
    #expect(Array(words.prefix(4)) == ["elsa", "prune", "--run", run.directory.path])
    var arguments = Array(words.dropFirst())
    let checkpoint = run.folder.file("point.safetensors")
    arguments[arguments.count - 1] = checkpoint
    let pruned = try Program.run(arguments)
    #expect(pruned.status == 0, "\(pruned.errors)")
    let evaluated = try Program.run([
      "evaluate", "--model", checkpoint, "--genome", run.folder.file("point.genome.json"), "--data",
      "\(Checkout.demoData)/search.safetensors", "--precision", "bf16", "--json",
    ]).json()
    #expect(evaluated["correct"] as? Int == point["correct"] as? Int)
    let text = try Program.run([
      "front", run.directory.path, "--accuracy-loss-at-most", "20", "--throughput-at-least", "1.2x",
    ]).output
    #expect(text.contains("prune with  \(command)"), "\(text)")
    #expect(text.contains("  blocks.0.attn.qkv "))
  }

  @Test func `a request that nobody meets ends with 4 and the nearest member`() throws {
    let answer = try answer(["--throughput-at-least", "100x"], status: 4)
    #expect(answer["isMet"] as? Bool == false)
    #expect(answer["unmet"] as? [String] == ["throughput at least 100.0 × dense"])
    let points = try #require(try run.front()["points"] as? [[String: Any]])
    #expect(answer["row"] as? Int == points.count, "the fastest is the last")
  }

  @Test(arguments: [
    ["--throughput-at-least", "fast"], ["--accuracy-at-least", "75"],
    ["--accuracy-loss-at-most", "-1"], ["--accuracy-at-least", "0.5", "--csv"],
  ])
  func `a request that means nothing is refused`(arguments: [String]) throws {
    let refused = try Program.run(["front", run.directory.path] + arguments)
    #expect(refused.status == 2, "\(refused.errors)")
  }
}
