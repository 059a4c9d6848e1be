import Foundation
import RunFiles
import RunReports
import SparsityCore
import Testing
import TextReports
import WireProtocol

/// Which member a request leads to.
struct FrontAnswerTests {
  private let front: FrontReport

  /// Five members of 450 images, 2 points between each, at 1, 1.5, 2, 2.5 and 3 times the dense
  /// throughput of 100 images/s, and 3, 2, 2, 1 and 1 mJ.
  init() throws {
    let run = try SmallRun()
    let source = try FrontSource(
      description: run.description, modelName: "small", network: run.network)
    var builder = FrontBuilder(
      space: run.space, objectives: [.accuracy, .throughput], imageCount: 10)
    let genomes = [
      run.genome(1), run.genome(0), run.genome(0, 0), run.genome(0, 0, 0), run.genome(0, 0, 0, 0),
    ]
    for (number, genome) in genomes.enumerated() {
      try builder.add(.proposed(CandidateID(number), genome), at: 0)
      try builder.add(
        .evaluated(evaluated(number, correct: 9 - number, throughput: Double(100 + number))), at: 1)
    }
    var front = source.report(builder.content)
    front.objectives.append("energy")
    front.denseThroughput = 100
    front.denseEnergyJoulesPerImage = 3e-3
    front.dense = FrontReport.Dense(correct: 360, of: 450)
    for (place, energy) in [3, 2, 2, 1, 1].enumerated() {
      front.points[place].accuracy = 0.8 - 0.02 * Double(place)
      front.points[place].accuracyLoss = 0.02 * Double(place)
      front.points[place].throughput = 100 + 50 * Double(place)
      front.points[place].energyJoulesPerImage = Double(energy) * 1e-3
    }
    self.front = front
  }

  private func cost(
    _ objective: Objective, _ bound: CostConstraint.Bound, _ limit: CostConstraint.Limit
  ) -> FrontRequest.Bound {
    .cost(CostConstraint(objective: objective, bound: bound, limit: limit))
  }

  private func answer(_ bounds: FrontRequest.Bound...) throws -> FrontAnswer {
    try FrontAnswer(FrontRequest(bounds), of: front, in: "my run's")
  }

  @Test func `the fastest member that loses no more is found`() throws {
    let answer = try answer(.accuracyLossAtMost(0.05))
    #expect(answer.isMet)
    #expect(answer.row == 3)
    #expect(answer.bestIn == "throughput")
    #expect(answer.unmet.isEmpty)
    #expect(
      answer.command
        == "elsa prune --run 'my run'\\''s' --point 3 --output point3.safetensors")
    let lines = answer.lines(of: front)
    #expect(
      lines[0] == "point 3, candidate #2, is the best in throughput with accuracy at most 5 points "
        + "below dense")
    #expect(lines.contains { $0.hasPrefix("throughput   200.0 images/s, 2.00 × dense") })
    #expect(lines.contains("  blocks.0.attn.proj  2:4"), "\(lines)")
  }

  @Test func `a limit that is met to the last digit is met`() throws {
    #expect(try answer(.accuracyLossAtMost(0.06)).row == 4)
    #expect(try answer(cost(.throughput, .atLeast, .relativeToDense(2.5))).row == 4)
    #expect(try answer(cost(.throughput, .atLeast, .absolute(250.0001))).row == 5)
    #expect(try answer(.accuracyAtLeast(0.78)).row == 2)
  }

  @Test func `of a bounded cost the most accurate member is found`() throws {
    let answer = try answer(cost(.energy, .atMost, .absolute(0.002)))
    #expect(answer.row == 2)
    #expect(answer.bestIn == "accuracy")
  }

  @Test func `bounds hold together, and the first objective without one decides`() throws {
    // Members 2 and 3 need the same energy; no bound is about throughput.
    let both = try answer(.accuracyAtLeast(0.75), cost(.energy, .atMost, .relativeToDense(0.7)))
    #expect(both.row == 3)
    #expect(both.bestIn == "throughput")
    let all = try answer(
      .accuracyAtLeast(0.7), cost(.energy, .atMost, .absolute(1e-3)),
      cost(.throughput, .atLeast, .absolute(1)))
    #expect(all.row == 4, "with a bound on every objective the first of the run decides")
  }

  @Test func `without a member that meets all bounds the nearest is shown`() throws {
    let answer = try answer(.accuracyAtLeast(0.79), cost(.throughput, .atLeast, .absolute(160)))
    #expect(!answer.isMet)
    // 0.78 is 1.3 % short and 150 is 6.3 % short; the next is 3.8 % short of the accuracy alone.
    #expect(answer.row == 3)
    #expect(answer.unmet == ["accuracy at least 79.0 %"])
    #expect(answer.bestIn == nil)
    #expect(
      answer.lines(of: front)[0]
        == "no member of the front has accuracy at least 79.0 %, throughput at least 160.0")
    #expect(
      answer.lines(of: front)[1] == "nearest is point 3, candidate #2, without accuracy at "
        + "least 79.0 %")
  }

  @Test func `what the run does not know is refused`() throws {
    var front = front
    front.dense = nil
    let loss = FrontRequest([.accuracyLossAtMost(0.01)])
    let unknown = try #require(throws: ExplainedError.self) {
      try FrontAnswer(loss, of: front, in: "d")
    }
    #expect(unknown.message.contains("has not evaluated the dense model"))
    front.denseThroughput = nil
    let relative = FrontRequest([cost(.throughput, .atLeast, .relativeToDense(2))])
    #expect(throws: ExplainedError.self) { try FrontAnswer(relative, of: front, in: "d") }
    front.points[0].energyJoulesPerImage = nil
    let energy = FrontRequest([cost(.energy, .atMost, .absolute(2))])
    let missing = try #require(throws: ExplainedError.self) {
      try FrontAnswer(energy, of: front, in: "d")
    }
    #expect(missing.message == "nothing is known of energy in this run")
  }

  @Test func `an empty front has no member for anybody`() throws {
    var front = front
    front.points = []
    let answer = try FrontAnswer(FrontRequest([.accuracyAtLeast(0.1)]), of: front, in: "d")
    #expect(!answer.isMet)
    #expect(answer.row == nil && answer.point == nil && answer.command == nil)
  }

  @Test(arguments: [
    ("2.5x", CostConstraint.Limit.relativeToDense(2.5)), ("1200", .absolute(1200)),
    ("1.2e3img/s", .absolute(1200)), ("1200 images/s", .absolute(1200)),
  ])
  func `limits are read as they are written`(text: String, limit: CostConstraint.Limit) {
    #expect(CostConstraint.Limit(argument: text, of: .throughput) == limit)
    #expect(CostConstraint.Limit(argument: "5ms", of: .latency) == .absolute(0.005))
    #expect(CostConstraint.Limit(argument: "3 MiB", of: .weightBytes) == .absolute(3 * 1_048_576))
  }

  @Test(arguments: ["", "x", "-1", "0", "fast", "5 ms", "1200 x x", "1e99", "nan", "2,5x"])
  func `what is no limit is refused`(text: String) {
    #expect(CostConstraint.Limit(argument: text, of: .throughput) == nil)
  }
}
