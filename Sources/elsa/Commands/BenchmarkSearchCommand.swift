import ArgumentParser
import Foundation
import SearchBenchmarks
import SparsityCore
import Synchronization
import TextReports

/// How good the fronts of search methods are.
struct BenchmarkSearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Measures how good a front is after so many evaluations, method by method.",
    discussion: """
      Accuracy is that of a landscape fitted to DeiT-Tiny, measured with the noise of so many \
      images; throughput is that of systolic32 with a batch of 8. Of ones-zeros and knapsack the \
      whole front is known. The figure is the noise-free \
      hypervolume of the reported front above an accuracy of 0.5 and dense throughput, as a share \
      of the best known: median and quartiles of all seeds. Each budget is a run of its \
      own, in full evaluations: those that end early, since the front is better, leave more.

      EXAMPLES
        elsa benchmark search
        elsa benchmark search --landscape coupled --budgets 100,300 --seeds 5
        elsa benchmark search --genes 96 --method bayesian --without-losses --json
        elsa benchmark search --landscape knapsack --svg knapsack.svg
      With --serve SEED it measures genomes for other searches, a JSON object a line: \
      Sources/Benchmarks/SearchPeers runs pymoo and Optuna so.
      """)

  @Option(
    help: ArgumentHelp(
      "What is searched.",
      valueName: SearchProblemName.allCases.map(\.rawValue).joined(separator: "|")))
  var landscape = SearchProblemName.deitTiny

  @Option(help: "The decisions: 48, or a multiple.")
  var genes = 48

  @Option(help: "The images that accuracy is measured on.")
  var images = 450

  @Option(
    name: .customLong("method"),
    help: ArgumentHelp(
      "A method; may be repeated (default: all).",
      valueName: SearchBenchmark.Method.all.map(\.name).joined(separator: "|")))
  var methodNames: [String] = []

  @Option(help: ArgumentHelp("The evaluations of a run, by commas.", valueName: "list"))
  var budgets = "50,100,200,300,400,700,1000"

  @Option(help: "The runs of each budget, each with a seed and a landscape of its own.")
  var seeds = 10

  @Flag(help: "Let methods learn how many images are right, but no losses.")
  var withoutLosses = false

  @Flag(help: "Measure every candidate on all images.")
  var withoutStopping = false

  @Flag(help: "Print JSON.")
  var json = false

  @Option(
    help: ArgumentHelp("Draw medians and quartiles of all methods, too.", valueName: "file"))
  var svg: String?

  @Option(
    help: ArgumentHelp(
      "Measure the genomes that come on the standard input, of the landscape of a seed.",
      valueName: "seed"))
  var serve: UInt64?

  /// The methods that were asked for; of all, those that the landscape allows.
  private var methods: [SearchBenchmark.Method] {
    let all = SearchBenchmark.Method.all
    guard methodNames.isEmpty else { return all.filter { methodNames.contains($0.name) } }
    let hasLayers = !benchmark(seed: 1).problem.erkGenomes.isEmpty
    return all.filter { $0 != .erk || hasLayers }
  }

  private var budgetList: [Int] { budgets.split(separator: ",").compactMap { Int($0) } }

  func validate() throws {
    for name in methodNames where !SearchBenchmark.Method.all.contains(where: { $0.name == name }) {
      let known = SearchBenchmark.Method.all.map(\.name).joined(separator: ", ")
      throw ValidationError("--method is \"\(name)\"; known are \(known).")
    }
    guard genes > 0, genes.isMultiple(of: 48), genes <= 480 else {
      throw ValidationError("--genes is \(genes); write 48, 96 … 480.")
    }
    try OptionRange.check("--images", images, in: 10...100_000)
    try OptionRange.check("--seeds", seeds, in: 1...1_000)
    let texts = budgets.split(separator: ",")
    guard !texts.isEmpty, budgetList.count == texts.count,
      budgetList.allSatisfy({ (5...100_000).contains($0) })
    else {
      throw ValidationError("--budgets is \"\(budgets)\"; write numbers from 5 on, as in 100,300.")
    }
  }

  /// The runs of a method at a budget; its names are the fields of the JSON.
  private struct Entry: Encodable {
    let method: String
    let evaluations: Int
    let median: Double
    let lowerQuartile: Double
    let upperQuartile: Double
    /// The median share of the best front among all that was evaluated.
    let evaluatedMedian: Double
    /// The median numbers of candidates that were evaluated, and of those that have ended early.
    let candidates: Int
    let stopped: Int
    /// The median time of a proposal.
    let proposalMilliseconds: Double
  }

  private struct Report: Encodable {
    let landscape: String
    let genes: Int
    let images: Int
    let seeds: Int
    let tellsLosses: Bool
    let stopsEarly: Bool
    let entries: [Entry]
  }

  /// Returns the benchmark of a seed.
  private func benchmark(seed: UInt64) -> SearchBenchmark {
    SearchBenchmark(
      problem: landscape.problem(geneCount: genes, imageCount: images, seed: seed),
      tellsLosses: !withoutLosses, stopsEarly: !withoutStopping)
  }

  func run() throws {
    if let serve {
      var server = SearchServer(benchmark(seed: serve))
      Output.result(server.greeting)
      while let line = readLine() { Output.result(server.answer(to: line)) }
      return
    }
    let benchmarks = (0..<seeds).map { benchmark(seed: UInt64($0) + 1) }
    let progress = SharedProgress()
    let total = methods.count * budgetList.count * seeds
    let done = Atomic<Int>(0)
    var entries: [Entry] = []
    for method in methods {
      for budget in budgetList {
        let outcomes = Mutex<[SearchBenchmark.Outcome]>([])
        let failure = Mutex<(any Error)?>(nil)
        DispatchQueue.concurrentPerform(iterations: seeds) { seed in
          do {
            let outcome = try benchmarks[seed].run(
              method, evaluations: budget, seed: UInt64(seed) + 1)
            outcomes.withLock { $0.append(outcome) }
          } catch {
            failure.withLock { $0 = error }
          }
          let count = done.add(1, ordering: .relaxed).newValue
          progress.show(done: count, total: total, unit: "runs")
        }
        if let error = failure.withLock({ $0 }) { throw error }
        entries.append(Self.entry(of: method, budget, outcomes.withLock { $0 }))
      }
    }
    progress.finish()
    if let svg {
      let curves = Dictionary(grouping: entries, by: \.method)
      let chart = SearchChart(
        title: "\(landscape.rawValue), \(genes) decisions, \(images) images, \(seeds) seeds",
        curves: methods.map { method in
          SearchChart.Curve(
            name: method.name,
            points: (curves[method.name] ?? []).map {
              SearchChart.Point(
                evaluations: $0.evaluations, lower: $0.lowerQuartile, median: $0.median,
                upper: $0.upperQuartile)
            })
        })
      try Output.write(Data(chart.svg.utf8), to: svg)
    }
    if json {
      return try Output.json(
        Report(
          landscape: landscape.rawValue, genes: genes, images: images, seeds: seeds,
          tellsLosses: !withoutLosses, stopsEarly: !withoutStopping, entries: entries))
    }
    show(entries)
  }

  private static func entry(
    of method: SearchBenchmark.Method, _ budget: Int, _ outcomes: [SearchBenchmark.Outcome]
  ) -> Entry {
    let shares = outcomes.map(\.share).sorted()
    func quantile(_ share: Double) -> Double {
      let place = share * Double(shares.count - 1)
      let lower = Int(place)
      let upper = min(lower + 1, shares.count - 1)
      return shares[lower] + (place - Double(lower)) * (shares[upper] - shares[lower])
    }
    let evaluated = outcomes.map(\.evaluatedShare).sorted()
    let candidates = outcomes.map(\.counts.evaluated).sorted()
    let stopped = outcomes.map(\.counts.stopped).sorted()
    let seconds = outcomes.map(\.proposalSeconds).sorted()
    return Entry(
      method: method.name, evaluations: budget, median: quantile(0.5),
      lowerQuartile: quantile(0.25), upperQuartile: quantile(0.75),
      evaluatedMedian: evaluated[evaluated.count / 2],
      candidates: candidates[candidates.count / 2], stopped: stopped[stopped.count / 2],
      proposalMilliseconds: seconds[seconds.count / 2] * 1_000)
  }

  private func show(_ entries: [Entry]) {
    var table = TextTable([
      ("method", .left), ("evaluations", .right), ("share of best", .right),
      ("quartiles", .left), ("of all evaluated", .right), ("candidates", .right),
      ("stopped", .right), ("ms a proposal", .right),
    ])
    for entry in entries {
      table.append([
        entry.method, "\(entry.evaluations)", NumberFormat.fixed(entry.median, 3),
        "\(NumberFormat.fixed(entry.lowerQuartile, 3))–"
          + NumberFormat.fixed(entry.upperQuartile, 3),
        NumberFormat.fixed(entry.evaluatedMedian, 3), "\(entry.candidates)", "\(entry.stopped)",
        NumberFormat.fixed(entry.proposalMilliseconds, 2),
      ])
    }
    table.lines.forEach(Output.result)
  }
}

extension SearchProblemName: ExpressibleByArgument {}
