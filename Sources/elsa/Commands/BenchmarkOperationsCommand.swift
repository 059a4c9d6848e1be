import ArgumentParser
import InferenceBenchmarks
import SparseKernels
import SparsityCore
import TextReports

/// The speed of what a forward pass does beside products with weights.
struct BenchmarkOperationsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "operations",
    abstract: "Measures attention, LayerNorm and GELU on one image.",
    discussion: """
      For each of DeiT-T/S/B the operations of one block on one image and a loop of nothing but \
      multiply-adds take turns on one core, timed by the thread's CPU clock; figures are medians. \
      The share of peak counts the multiply-adds of the attention's products over those of the loop.

      EXAMPLES
        elsa benchmark operations
        elsa benchmark operations --model deit_small --variant avx2 --json
      """)

  @OptionGroup var options: BenchmarkOptions

  @Option(help: "The measurements that a median is taken of.")
  var repetitions = 15

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    for name in options.modelNames where !BenchmarkOptions.plainModels.contains(name) {
      throw ValidationError(
        "--model \(name) has blocks of several kinds, which are measured only as a whole; "
          + "use elsa benchmark model.")
    }
    try OptionRange.check("--repetitions", repetitions, in: 1...10_000)
  }

  /// What was measured of one operation; its names are the fields of the JSON.
  struct Report: Encodable {
    let model: String
    let operation: String
    let precision: String
    let variant: String
    let secondsPerImage: Double
    let nanosecondsPerValue: Double
    /// Absent where the operation has no product.
    let shareOfPeak: Double?

    init(model: String, _ measurement: OperationMeasurement) {
      self.model = model
      operation = measurement.operation.rawValue
      precision = measurement.precision.rawValue
      variant = measurement.variant.rawValue
      secondsPerImage = measurement.seconds
      nanosecondsPerValue = measurement.nanosecondsPerValue
      shareOfPeak = measurement.shareOfPeak
    }
  }

  func run() throws {
    let models = try options.models
    let benchmark = try OperationBenchmark(
      precision: options.precision, variant: options.variantChoice,
      repetitions: repetitions)
    let progress = SharedProgress()
    var reports: [Report] = []
    for (index, model) in models.enumerated() {
      progress.show(done: index, total: models.count, unit: "models")
      reports += benchmark.measure(model.architecture.network.blocks[0]).map {
        Report(model: model.name, $0)
      }
    }
    progress.finish()
    if json { return try Output.json(reports) }
    show(reports)
  }

  private func show(_ reports: [Report]) {
    var table = TextTable([
      ("model", .left), ("operation", .left), ("ms/image", .right), ("ns/value", .right),
      ("share of peak", .right),
    ])
    for report in reports {
      table.append([
        report.model, report.operation, NumberFormat.fixed(1e3 * report.secondsPerImage, 3),
        NumberFormat.fixed(report.nanosecondsPerValue, 3),
        report.shareOfPeak.map(NumberFormat.percent) ?? "",
      ])
    }
    table.lines.forEach(Output.result)
    Output.result("")
    Output.result(
      "\(options.precision), \(reports[0].variant), one thread, one block, medians of "
        + "\(repetitions)")
  }
}
