import AcceleratorModel
import ArgumentParser
import SparsityCore
import TextReports

/// How fast the accelerator model answers on this machine.
struct BenchmarkAcceleratorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accelerator",
    abstract: "Measures how long the cost of a candidate takes.",
    discussion: """
      From the table a candidate is a sum of look-ups; without, the product of each prunable \
      layer is estimated anew.

      EXAMPLES
        elsa benchmark accelerator --model deit_small_patch16_224 --accelerator vegeta
        elsa benchmark accelerator --json
      """)

  @Option(help: ArgumentHelp("A timm name, a checkpoint or a folder.", valueName: "model"))
  var model = "deit_small_patch16_224"

  @OptionGroup var accelerator: AcceleratorOptions

  @Flag(help: "Print JSON.")
  var json = false

  /// The candidates that are timed from the table; a hundredth of them are without.
  private static let candidateCount = 200_000

  /// What was measured.
  private struct Report: Encodable {
    let accelerator: String
    let layers: Int
    let model: String
    let nanosecondsFromTable: Double
    let nanosecondsWithoutTable: Double
    let nanosecondsToMakeTable: Double
  }

  func run() throws {
    let profile = try accelerator.profile()
    let reference = try ModelReference(model, config: nil)
    let space = SearchSpace(
      layers: reference.network.prunableLayers,
      patterns: ["1:4", "2:4", "4:4"].compactMap { NMPattern($0) })
    let clock = ContinuousClock()
    var made: CostModel?
    let making = try clock.measure {
      made = try CostModel(network: reference.network, space: space, profile: profile, batch: 1)
    }
    guard let costs = made else { return }
    var generator = SeededGenerator(seed: 1)
    let genomes = (0..<256).map { _ in
      Genome(genes: space.choiceCounts.map { UInt8(generator.index(below: $0)) })
    }
    var sum: Int64 = 0
    let looking = clock.measure {
      for index in 0..<Self.candidateCount {
        sum &+= costs.cost(of: genomes[index % genomes.count]).latencyCycles
      }
    }
    let products = costs.workload.operations.filter(\.isPrunable).compactMap(\.product)
    let count = Self.candidateCount / 100
    let computing = try clock.measure {
      for index in 0..<count {
        let patterns = space.patterns(of: costs.layers, in: genomes[index % genomes.count])
        for (product, pattern) in zip(products, patterns) {
          sum &+= try profile.estimate(product, pattern: pattern).cycles
        }
      }
    }
    // The sum keeps the compiler from leaving the work out.
    precondition(sum != 0)
    let report = Report(
      accelerator: profile.name, layers: products.count, model: reference.name,
      nanosecondsFromTable: (looking / Self.candidateCount) / .nanoseconds(1),
      nanosecondsWithoutTable: (computing / count) / .nanoseconds(1),
      nanosecondsToMakeTable: making / .nanoseconds(1))
    if json { return try Output.json(report) }
    Output.result("\(report.model), \(counted(report.layers, "layer")), on \(profile)")
    Output.result("  from the table     \(NumberFormat.fixed(report.nanosecondsFromTable, 0)) ns")
    Output.result(
      "  without the table  \(NumberFormat.fixed(report.nanosecondsWithoutTable / 1e3, 2)) µs")
    Output.result(
      "  making the table   \(NumberFormat.fixed(report.nanosecondsToMakeTable / 1e6, 2)) ms")
  }
}
