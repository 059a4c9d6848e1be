import EvolutionarySearch
import Foundation
import SearchBenchmarks
import SparsityCore
import Testing

/// Problems whose front is known, methods without a model, the server for peers, and the drawing.
struct SearchProblemTests {
  private static func value(_ genome: Genome, _ problem: any SearchProblem) -> [Double] {
    [-problem.accuracy(of: genome), Double(problem.cycles(of: genome))]
  }

  @Test(arguments: [SearchProblemName.onesZeros, .knapsack], UInt64(1)...3)
  func `the front by dynamic programming is that of all genomes`(
    name: SearchProblemName, seed: UInt64
  ) throws {
    let problem = name.problem(geneCount: 6, imageCount: 50, seed: seed)
    let space = try ChoiceSpace(choiceCounts: problem.choiceCounts)
    var archive = Archive()
    for index in 0..<(try #require(space.enumerableCount)) {
      let genome = space.genome(at: index)
      archive.insert(
        Individual(id: CandidateID(index), genome: genome, objectives: Self.value(genome, problem)))
    }
    let found = problem.bestGenomes.map { Self.value($0, problem) }
    #expect(found.count == archive.count)
    for (known, individual) in zip(found.sorted { $0[0] < $1[0] }, archive.individuals) {
      #expect(abs(known[0] - individual.objectives[0]) < 1e-12)
      #expect(known[1] == individual.objectives[1])
    }
  }

  @Test func `of ones and zeros the front has half as many members as genes, and one`() {
    let problem = SearchProblemName.onesZeros.problem(geneCount: 48, imageCount: 50, seed: 1)
    #expect(problem.bestGenomes.count == 25)
  }

  @Test(arguments: SearchProblemName.allCases)
  func `every method runs on every problem and stays below the best`(
    name: SearchProblemName
  ) throws {
    let benchmark = SearchBenchmark(
      problem: name.problem(geneCount: 48, imageCount: 450, seed: 2), tellsLosses: true,
      stopsEarly: false)
    for method in SearchBenchmark.Method.all {
      let outcome = try benchmark.run(method, evaluations: 60, seed: 1)
      #expect((0...1).contains(outcome.share), "\(method)")
      #expect(outcome.share <= outcome.evaluatedShare + 1e-9, "\(method)")
    }
    let learned = try benchmark.run(.algorithm(.bayesian), evaluations: 60, seed: 1).share
    let random = try benchmark.run(.algorithm(.random), evaluations: 60, seed: 1).share
    #expect(learned > random, "\(learned) \(random)")
  }

  @Test func `a server measures as the landscape does and reports as the benchmark does`() throws {
    let problem = SearchProblemName.coupled.problem(geneCount: 48, imageCount: 450, seed: 3)
    let benchmark = SearchBenchmark(problem: problem, tellsLosses: true, stopsEarly: false)
    var server = SearchServer(benchmark)
    func object(_ line: String) throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
    #expect(try object(server.greeting)["choices"] as? [Int] == Array(repeating: 4, count: 48))
    for genome in problem.uniformGenomes {
      let genes = genome.genes.map { "\($0)" }.joined(separator: ",")
      let answer = try object(server.answer(to: "{\"genome\":[\(genes)]}"))
      let measured = problem.measure(genome)
      let correct = measured.reduce(0) { $0 + $1.correct.populationCount }
      let summedLoss = measured.reduce(0) { $0 + ($1.summedLoss ?? .nan) }
      // Reading JSON may round once more.
      let accuracy = try #require(answer["accuracy"] as? Double)
      #expect(abs(accuracy - Double(correct) / 450) < 1e-12)
      let loss = try #require(answer["meanLoss"] as? Double)
      #expect(abs(loss - summedLoss / 450) < 1e-12)
    }
    let report = try object(server.answer(to: "{\"report\":true}"))
    let uniform = try benchmark.run(.uniform, evaluations: 10, seed: 1)
    #expect(abs(try #require(report["share"] as? Double) - uniform.share) < 1e-12)
    #expect(report["evaluations"] as? Int == 4)
    for line in ["", "{", "{\"genome\":[9]}", "{\"genome\":[1,2,3]}", "[1]"] {
      #expect(try object(server.answer(to: line))["error"] != nil, "\(line)")
    }
  }

  @Test func `a chart has a curve and a band for each method`() {
    let chart = SearchChart(
      title: "a < b",
      curves: ["one", "two"].map { name in
        SearchChart.Curve(
          name: name,
          points: [50, 100].map {
            SearchChart.Point(evaluations: $0, lower: 0.4, median: 0.5, upper: 0.6)
          })
      })
    #expect(chart.svg.components(separatedBy: "<polyline").count == 3)
    #expect(chart.svg.components(separatedBy: "<polygon").count == 3)
    #expect(chart.svg.contains("a &lt; b") && chart.svg.contains(">two<"))
    #expect(chart.svg.hasPrefix("<svg") && chart.svg.hasSuffix("</svg>\n"))
  }
}
