import Foundation
import RunReports
import SparsityCore
import Testing
import WireProtocol

struct FrontReportTests {
  private let run: SmallRun

  init() throws {
    run = try SmallRun()
  }

  private func report(
    keys: [[String]] = [[], []], quarantined: Int = 0, discarded: [DiscardedKey] = []
  ) throws -> FrontReport {
    let source = try FrontSource(
      description: run.description, modelName: "small", network: run.network)
    var builder = FrontBuilder(
      space: run.space, objectives: run.description.objectives,
      imageCount: run.description.imageCount)
    let genomes = [run.genome(1), run.genome(0, 0, 0, 0)]
    for (number, genome) in genomes.enumerated() {
      let throughput = source.costs.cost(of: genome).throughputImagesPerSecond
      try builder.add(.proposed(CandidateID(number), genome), at: 0)
      try builder.add(
        .evaluated(
          evaluated(number, correct: 9 - number, throughput: throughput, keys: keys[number])),
        at: 1)
    }
    for number in 0..<quarantined {
      try builder.add(.proposed(CandidateID(10 + number), run.genome(0, 0)), at: 2)
      try builder.add(.quarantined(CandidateID(10 + number), diagnostic: "it died"), at: 3)
    }
    var content = builder.content
    content.discarded = discarded
    return source.report(content)
  }

  @Test func `points are sorted by accuracy and have their exact costs`() throws {
    let report = try report()
    #expect(report.points.map(\.candidate) == [0, 1])
    #expect(report.points.map(\.accuracy) == [0.9, 0.8])
    #expect(report.points.map(\.density) == [1, 0.5])
    #expect(report.points[0].macs == report.denseMacs)
    let sparser = try #require(report.points[1].throughput)
    #expect(try sparser > #require(report.denseThroughput))
    #expect(report.points[0].meanLoss == 0.5)
    #expect(report.points[1].genome.decisions["blocks.0.mlp.fc1"] == "2:4")
    #expect(report.evaluations == 2)
    let dense = try #require(report.points[0].throughput)
    #expect(report.referencePoint == ["accuracy": 0.5, "throughput": dense])
    let expected = (0.8 - 0.5) * (sparser - dense)
    #expect(abs(report.hypervolume - expected) < 1e-9 * expected)
  }

  @Test func `the JSON comes back as it was written and leaves out what is not known`() throws {
    let report = try report()
    let json = try report.encoded()
    let object = try #require(JSONSerialization.jsonObject(with: json) as? [String: Any])
    #expect(
      Set(object.keys) == [
        "model", "accelerator", "acceleratorHash", "batch", "options", "numerics", "pruning",
        "decisions", "objectives", "evaluations", "quarantined",
        "hypervolume", "referencePoint", "denseThroughput", "denseLatencySeconds",
        "denseEnergyJoulesPerImage", "denseWeightBytes", "denseMacs", "points",
      ])
    let points = try #require(object["points"] as? [[String: Any]])
    #expect(points[0]["testAccuracy"] == nil)
    #expect(points[0]["keys"] == nil)
    let read = try JSONDecoder().decode(FrontReport.self, from: json)
    #expect(try read.encoded() == json)
  }

  @Test func `test accuracies that are known are kept, and no other is changed`() throws {
    let found = try report()
    func known(_ accuracies: [Int: Double]) -> HeldOutAccuracies {
      HeldOutAccuracies(
        of: found.points.map { point in
          var point = point
          point.testAccuracy = accuracies[point.candidate]
          return point
        })
    }
    let report = found.adding(known([1: 0.75])).adding(known([0: 0.5, 1: 0.1]))
    #expect(report.points.map(\.testAccuracy) == [0.5, 0.75])
    let lines = report.lines
    #expect(lines[0].contains("on test set"))
    #expect(lines[2].contains("50.0 %"))
    #expect(try !self.report().lines[0].contains("on test set"))
  }

  @Test func `who is beaten on the confirm set is named, and what choosing has added`() throws {
    var found = try report()
    found.dense = FrontReport.Dense(correct: 95, of: 100)
    var measured = found.points
    measured[0].confirmAccuracy = 0.7
    func adding() -> FrontReport {
      found.adding(HeldOutAccuracies(of: measured, denseConfirmAccuracy: 0.9))
    }
    #expect(adding().selectionGap == nil, "one is not known")
    measured[1].confirmAccuracy = 0.8
    let report = adding()
    // 90 % and 80 % on the search set; the sparser one is faster, so the denser one is beaten.
    // Against dense they lose 5 and 15 points there, here 20 and 10.
    #expect(abs(try #require(report.selectionGap) - 0.05) < 1e-12)
    #expect(report.points.map(\.beatenBy) == [1, nil])
    #expect(report.lines.contains { $0.hasPrefix("confirm set: dense 90.0 %, against which") })
    measured[0].confirmAccuracy = 0.8
    #expect(adding().points.allSatisfy { $0.beatenBy == nil }, "as good is not beaten")
  }

  @Test func `the table names patterns, density and gain, and the keys where there are several`()
    throws
  {
    let lines = try report(keys: [["a"], ["a", "b", "c"]]).lines
    #expect(lines[2].contains("#0") && lines[2].contains("all 4:4") && lines[2].contains("1.000"))
    #expect(lines[3].contains("all 2:4") && lines[3].contains("0.500"))
    #expect(lines[3].contains("a, b and 1 more"))
    #expect(lines.contains { $0.contains("reference point accuracy 0.5, throughput ") })
    #expect(lines.contains { $0.contains("2 evaluations, 2 on the front") })
    #expect(lines.contains("computed in \(run.description.numerics)"))
    #expect(try !report(keys: [["a"], ["a"]]).lines[0].contains("measured with"))
  }

  @Test func `a front that lies nowhere above the reference point says so`() throws {
    let diagnostic = "no member is better than the reference point in every objective"
    #expect(try !report().lines.contains { $0.hasPrefix(diagnostic) })
    let source = try FrontSource(
      description: run.description, modelName: "small", network: run.network)
    var builder = FrontBuilder(
      space: run.space, objectives: run.description.objectives, imageCount: 10)
    try builder.add(.proposed(CandidateID(0), run.genome(1)), at: 0)
    try builder.add(.evaluated(evaluated(0, correct: 4, throughput: 1e9)), at: 1)
    let low = source.report(builder.content)
    #expect(low.hypervolume == 0)
    #expect(low.lines.contains { $0.hasPrefix(diagnostic) })
  }

  @Test func `what is quarantined is listed, and the sentence names the first`() throws {
    #expect(try report().quarantineSummary == nil)
    let one = try report(quarantined: 1)
    #expect(
      one.quarantineSummary == "candidate #10 is quarantined and was not evaluated (it died)")
    #expect(one.lines.contains("  #10 (2× 2:4, 2× 4:4): it died"))
    let many = try report(quarantined: 13)
    #expect(
      try #require(many.quarantineSummary).hasPrefix("13 candidates are quarantined"))
    #expect(many.lines.count { $0.contains("it died") } == 10)
    #expect(many.lines.contains("  and 3 more; see --json"))
  }

  @Test func `keys that are trusted no more are named`() throws {
    let key = DiscardedKey(keyName: "node07", diagnostic: "sick", restartsSearch: false)
    let report = try report(discarded: [key])
    #expect(report.discardedKeys?.map(\.key) == ["node07"])
    #expect(report.lines.suffix(1) == ["  key node07: sick"])
  }

  @Test func `comma-separated values have a column for each heading`() throws {
    let lines = try report().csvLines
    try #require(lines.count == 3)
    let columns = lines[0].split(separator: ",", omittingEmptySubsequences: false).count
    for line in lines {
      #expect(line.split(separator: ",", omittingEmptySubsequences: false).count == columns)
    }
    #expect(lines[2].hasSuffix("blocks.0.mlp.fc2=2:4"))
  }
}
