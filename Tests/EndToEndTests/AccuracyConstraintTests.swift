import Foundation
import Testing
import TestSupport

/// Accuracies that a run file asks for.
@Suite(.serialized, .timeLimit(.minutes(20))) struct AccuracyConstraintTests {
  private func finish(_ constraints: String, mode: String = "") throws -> DigitsRun {
    let run = try DigitsRun(
      evaluations: 30, search: "population: 20, evaluations: 30, seed: 3\(mode)",
      lines: "constraints: {\(constraints)}", stopsEarly: true)
    let ending = try Program.run([
      "search", run.runFile, "--run-directory", run.directory.path, "--workers", "2",
    ])
    try #require(ending.status == 0, "\(ending.errors)")
    return run
  }

  @Test(arguments: ["", ", mode: strict"])
  func `members lose no more than they may, though dense itself is too slow`(mode: String) throws {
    let run = try finish(
      "accuracy: {lossAtMost: 4 points}, throughput: {atLeast: 1.3}", mode: mode)
    let front = try run.front()
    let dense = try #require(front["dense"] as? [String: Any])
    let accuracy = try #require(dense["accuracy"] as? Double)
    let throughput = try #require(front["denseThroughput"] as? Double)
    let points = try #require(front["points"] as? [[String: Any]])
    #expect(!points.isEmpty)
    for point in points {
      #expect(try #require(point["candidate"] as? Int) > 0, "candidate 0 is dense")
      #expect(try #require(point["accuracy"] as? Double) >= accuracy - 0.04 - 1e-9)
      #expect(try #require(point["throughput"] as? Double) >= 1.3 * throughput)
    }
    // It goes on as what it is, and its journal gives the same front again.
    let resumed = try Program.run([
      "search", run.runFile, "--run-directory", run.directory.path, "--workers", "1",
    ])
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try run.front()["hypervolume"] as? Double == front["hypervolume"] as? Double)
  }

  @Test func `of constraints that nothing meets, the nearest is said that can be`() throws {
    let run = try finish("accuracy: {lossAtMost: 0 points}, throughput: {atLeast: 1.5}")
    let text = try Program.run(["front", run.directory.path]).output
    #expect(text.contains("no candidate meets the constraints: accuracy at most 0.0 points below"))
    #expect(text.contains("nearest is candidate #") && text.contains("points below dense"))
    let line = text.split(separator: "\n").first { $0.hasPrefix("it would meet accuracy: ") }
    let bound = try #require(line).dropFirst("it would meet accuracy: ".count)
    #expect(bound.hasPrefix("{lossAtMost: ") && bound.hasSuffix(" points}"), "\(bound)")
    // What is said is true of the candidate, and rounded by less than a tenth of a point.
    let front = try Program.run(["front", run.directory.path, "--json"]).json()
    let miss = try #require(front["nearestMiss"] as? [String: Any])
    let loss = try #require(miss["accuracyLoss"] as? Double)
    let words = bound.dropFirst("{lossAtMost: ".count).split(separator: " ")
    let points = try #require(words.first.flatMap { Double($0) })
    #expect((loss * 100 - 1e-9...loss * 100 + 0.1).contains(points), "\(bound) \(loss)")
  }

  @Test func `a cost that nothing can meet is refused with the nearest`() throws {
    let run = try DigitsRun(evaluations: 30, lines: "constraints: {macs: {atMost: 0.01}}")
    let ending = try Program.run(["search", run.runFile, "--run-directory", run.directory.path])
    #expect(ending.status == 2)
    #expect(ending.errors.contains("the nearest has 0."), "\(ending.errors)")
  }

  @Test func `what cannot be compared with dense is refused before anything is done`() throws {
    let run = try DigitsRun(
      evaluations: 30,
      lines: """
        fixed: {"blocks.0.attn.qkv": "2:4"}
        constraints: {accuracy: {lossAtMost: 3 points}}
        """)
    let ending = try Program.run(["search", run.runFile, "--run-directory", run.directory.path])
    #expect(ending.status == 2)
    #expect(ending.errors.contains("it is not in the search space"), "\(ending.errors)")
  }
}
