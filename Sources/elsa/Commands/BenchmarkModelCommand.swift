import ArgumentParser
import Evaluation
import Foundation
import InferenceBenchmarks
import NetworkArchitectures
import ProcessLimits
import RunPreparation
import SparsityCore
import TextReports

/// The speed of whole models.
struct BenchmarkModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "Measures images/s of DeiT-T/S/B and Swin-T/S/B with random weights.",
    discussion: """
      Patterns and thread counts take turns; figures are medians. One thread is timed by its CPU \
      clock, more threads by the wall.

      EXAMPLES
        elsa benchmark model
        elsa benchmark model --model swin_tiny --precision bf16 --threads 1
        elsa benchmark model --model deit_small --pattern 4:4 --pattern 1:4 --threads 1 --json
      """)

  @OptionGroup var options: BenchmarkOptions

  @Option(
    name: .customLong("pattern"),
    help: ArgumentHelp(
      "The pattern of all layers; may be repeated (default: 4:4, 2:4 and 1:4).",
      valueName: "N:M"))
  var patternTexts: [String] = []

  @Option(help: "A number of threads; may be repeated (default: 1, and one a core).")
  var threads: [Int] = []

  @Option(help: "The images of a forward pass (default: as a search has it).")
  var batch: Int?

  @Option(help: "The measurements that a median is taken of.")
  var repetitions = 7

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    for count in threads { try OptionRange.check("--threads", count, in: RunLimits.threadRange) }
    if Set(threads).count < threads.count {
      throw ValidationError("--threads names a number twice; name each once.")
    }
    if let batch {
      try OptionRange.check("--batch", batch, in: InferenceNumerics.forwardBatchRange)
    }
    try OptionRange.check("--repetitions", repetitions, in: 1...10_000)
    _ = try patterns
  }

  /// What was measured of one model; its names are the fields of the JSON.
  struct Report: Encodable {
    let model: String
    let precision: String
    let pattern: String
    let threads: Int
    let batch: Int
    let imagesPerSecond: Double
  }

  func run() throws {
    let patterns = try patterns
    let progress = SharedProgress()
    let models = try options.models
    var reports: [Report] = []
    for (index, model) in models.enumerated() {
      progress.show(done: index, total: models.count, unit: "models")
      reports += try measure(model, patterns: patterns)
    }
    progress.finish()
    if json { return try Output.json(reports) }
    show(reports)
  }

  private var patterns: [NMPattern] {
    get throws { try BenchmarkOptions.patterns(patternTexts, default: ["4:4", "2:4", "1:4"]) }
  }

  private var threadCounts: [Int] {
    guard threads.isEmpty else { return threads }
    return Array(Set([1, AllowedProcessors.current.count])).sorted()
  }

  private func measure(_ model: NamedNetwork, patterns: [NMPattern]) throws -> [Report] {
    let numerics = InferenceNumerics.best(
      for: model.architecture.network, precision: options.precision,
      instructionSet: try options.variantChoice.instructionSet, forwardBatch: batch)
    let benchmark = try ModelBenchmark(
      architecture: model.architecture, numerics: numerics, repetitions: repetitions)
    let measurements = benchmark.measure(patterns: patterns, threads: threadCounts)
    Self.warn(of: measurements, model: model.name)
    return measurements.map {
      Report(
        model: model.name, precision: numerics.precision.rawValue, pattern: "\($0.pattern)",
        threads: $0.threads, batch: numerics.forwardBatch, imagesPerSecond: $0.imagesPerSecond)
    }
  }

  /// Says where threads that are timed by the wall had to share their cores.
  private static func warn(of measurements: [ModelMeasurement], model: String) {
    var last: Int?
    for measurement in measurements
    where measurement.threads > 1 && measurement.coreShare < 0.9 && measurement.threads != last {
      last = measurement.threads
      Output.notify(
        "\(model): \(counted(measurement.threads, "thread")) got "
          + "\(NumberFormat.percent(measurement.coreShare)) of their cores' time, so their figures "
          + "are too low; measure again while nothing else runs")
    }
  }

  private func show(_ reports: [Report]) {
    var table = TextTable([
      ("model", .left), ("pattern", .left), ("threads", .right), ("images/s", .right),
      ("× first pattern", .right), ("× first threads", .right),
    ])
    for report in reports {
      let ofModel = reports.filter { $0.model == report.model }
      let firstPattern = ofModel.first { $0.threads == report.threads }
      let firstThreads = ofModel.first { $0.pattern == report.pattern }
      table.append([
        report.model, report.pattern, "\(report.threads)",
        NumberFormat.fixed(report.imagesPerSecond, 2),
        Self.ratio(report, to: firstPattern), Self.ratio(report, to: firstThreads),
      ])
    }
    table.lines.forEach(Output.result)
    Output.result("")
    Output.result(
      "\(options.precision), medians of \(repetitions); "
        + "one thread in its CPU time, more by the wall")
  }

  private static func ratio(_ report: Report, to other: Report?) -> String {
    other.map { NumberFormat.fixed(report.imagesPerSecond / $0.imagesPerSecond, 2) } ?? ""
  }
}
