import ArgumentParser
import InferenceBenchmarks
import SparsityCore
import TextReports

/// The speed of sparse layers against dense ones.
struct BenchmarkKernelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "Measures sparse products against oneDNN's dense ones, layer by layer.",
    discussion: """
      For each layer of DeiT-T/S/B the sparse kernel, oneDNN's dense product and a loop of nothing \
      but multiply-adds take turns on one core, timed by the thread's CPU clock; figures are \
      medians. GFLOP/s are dense-equivalent: 2·m·k·n over the time. The share of peak counts \
      executed multiply-adds over those of the loop. oneDNN is held to the variant's instructions.
      The last column is what a search uses: a sparse kernel (columns or pairs of weights), or the
      dense product where a committed table says that it is faster.

      EXAMPLES
        elsa benchmark kernels
        elsa benchmark kernels --model deit_small --pattern 2:4 --pattern 1:8 --json
        elsa benchmark kernels --variant avx2 --tokens 197 --repetitions 31
      """)

  @OptionGroup var options: BenchmarkOptions

  @Option(
    name: .customLong("pattern"),
    help: ArgumentHelp("A pattern; may be repeated (default: 2:4 and 1:4).", valueName: "N:M"))
  var patternTexts: [String] = []

  @Option(help: "The rows of the activations.")
  var tokens = 8 * 197

  @Option(help: "The measurements that a median is taken of.")
  var repetitions = 15

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    for pattern in try patterns where pattern.isDense {
      throw ValidationError(
        "--pattern \(pattern) is dense; dense products are what others are compared with.")
    }
    try OptionRange.check("--tokens", tokens, in: 1...65_536)
    try OptionRange.check("--repetitions", repetitions, in: 1...10_000)
  }

  /// What was measured of one layer; its names are the fields of the JSON.
  struct Report: Encodable {
    let m: Int
    let k: Int
    let n: Int
    let precision: String
    let pattern: String
    let variant: String
    let gflops: Double
    let denseGflops: Double
    let ratioToDense: Double
    let shareOfPeak: Double
    let usedForm: String

    init(_ measurement: KernelMeasurement) {
      m = measurement.tokens
      k = measurement.inputs
      n = measurement.outputs
      precision = measurement.precision.rawValue
      pattern = measurement.pattern.description
      variant = measurement.variant.rawValue
      gflops = measurement.gflops
      denseGflops = measurement.denseGflops
      ratioToDense = measurement.ratioToDense
      shareOfPeak = measurement.shareOfPeak
      usedForm = measurement.usedForm.rawValue
    }
  }

  func run() throws {
    let patterns = try patterns
    let benchmark = try KernelBenchmark(
      precision: options.precision, variant: options.variantChoice, tokens: tokens,
      repetitions: repetitions)
    // Blocks of the same width have layers of the same sizes.
    let layers = try options.models.flatMap { model in
      let network = model.architecture.network
      var widths: Set<Int> = []
      return network.blocks.filter { widths.insert($0.width).inserted }.flatMap {
        network.prunableLayers[$0.layers]
      }
    }
    let progress = SharedProgress()
    var measurements: [KernelMeasurement] = []
    for (index, layer) in layers.enumerated() {
      progress.show(done: index, total: layers.count, unit: "layers")
      measurements += benchmark.measure(layer, patterns: patterns)
    }
    progress.finish()
    if json { return try Output.json(measurements.map(Report.init)) }
    show(measurements)
  }

  private var patterns: [NMPattern] {
    get throws { try BenchmarkOptions.patterns(patternTexts, default: ["2:4", "1:4"]) }
  }

  private func show(_ measurements: [KernelMeasurement]) {
    var table = TextTable([
      ("m×k×n", .left), ("pattern", .left), ("GFLOP/s", .right), ("oneDNN dense", .right),
      ("ratio", .right), ("share of peak", .right), ("used", .left),
    ])
    for measurement in measurements {
      table.append([
        "\(measurement.tokens)×\(measurement.inputs)×\(measurement.outputs)",
        "\(measurement.pattern)", NumberFormat.fixed(measurement.gflops, 1),
        NumberFormat.fixed(measurement.denseGflops, 1),
        "\(NumberFormat.fixed(measurement.ratioToDense, 2))×",
        NumberFormat.percent(measurement.shareOfPeak), measurement.usedForm.rawValue,
      ])
    }
    table.lines.forEach(Output.result)
    let peaks = measurements.map { 2e-9 * $0.peakMultiplyAddsPerSecond }.sorted()
    Output.result("")
    Output.result(
      "\(options.precision), \(measurements[0].variant.rawValue), one thread, medians of "
        + "\(repetitions); peak \(NumberFormat.fixed(peaks[peaks.count / 2], 0)) GFLOP/s")
  }
}
