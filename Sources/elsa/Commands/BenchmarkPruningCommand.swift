import ArgumentParser
import Evaluation
import Foundation
import ImageData
import InferenceBenchmarks
import NetworkArchitectures
import ProcessLimits
import Pruning
import RunPreparation
import SparsityCore
import TextReports
import VisionTransformers

/// What pruning costs in time and in accuracy, method by method.
struct BenchmarkPruningCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pruning",
    abstract: "Measures what pruning methods cost in time, memory and accuracy.",
    discussion: """
      With --data every method is measured at each pattern in all layers, and at --genomes random \
      configurations of mixed patterns. A method that fits layers behind pruned ones builds a bank \
      for each pattern alone, and one for all mixed configurations. Without --data only time and \
      memory are measured; --model may then be a name, for random weights and images.

      EXAMPLES
        elsa benchmark pruning --model deit_tiny/ --calibration train-256/ --data val/
        elsa benchmark pruning --model deit_tiny/ --calibration train-256/ --data val/ \\
          --method sparsegpt --method reconstruction --genomes 40 --density 0.6
        elsa benchmark pruning --model deit_small_patch16_224 --method reconstruction \\
          --pattern 1:4 --pattern 2:4 --pattern 3:4
      """)

  @Option(
    help: ArgumentHelp(
      "A checkpoint with its config.json, or their folder, or a name as deit_small_patch16_224.",
      valueName: "model"))
  var model: String

  @Option(help: ArgumentHelp("The model's config.json, if not beside it.", valueName: "file"))
  var config: String?

  @Option(help: ArgumentHelp("Images to calibrate with.", valueName: "images"))
  var calibration: String?

  @Option(help: ArgumentHelp("Labelled images to measure accuracy on.", valueName: "images"))
  var data: String?

  @Option(
    name: .customLong("method"),
    help: ArgumentHelp(
      "A method; may be repeated (default: all).",
      valueName: PruningCriterion.allCases.map(\.rawValue).joined(separator: "|")))
  var methodNames: [String] = []

  @Option(
    name: .customLong("pattern"),
    help: ArgumentHelp(
      "The pattern of all layers; may be repeated (default: 2:4, 3:4, 4:8, 1:4 and 6:8).",
      valueName: "N:M"))
  var patternTexts: [String] = []

  @Option(help: "The random configurations of mixed patterns to measure.")
  var genomes = 0

  @Option(help: ArgumentHelp("The share of weights that they keep.", valueName: "0…1"))
  var density = 0.6

  @Option(
    name: .customLong("mixed-pattern"),
    help: ArgumentHelp(
      "A pattern of theirs; may be repeated (default: 1:4, 2:4, 3:4 and 4:4).", valueName: "N:M"))
  var mixedTexts: [String] = []

  @Option(help: "Which configurations are drawn.")
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("The number format of the evaluation.", valueName: "f32|bf16"))
  var precision = Precision.f32

  @OptionGroup var images: ImageOptions

  @OptionGroup var classMap: ClassMapOptions

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    _ = try methods
    _ = try BenchmarkOptions.patterns(patternTexts, default: [])
    _ = try BenchmarkOptions.patterns(mixedTexts, default: [])
    try OptionRange.check("--genomes", genomes, in: 0...100_000)
    if genomes > 0, data == nil {
      throw ValidationError("--genomes are measured on images: add --data.")
    }
    guard (0...1).contains(density) else {
      throw ValidationError("--density is \(density); allowed is 0…1.")
    }
  }

  fileprivate var methods: [PruningCriterion] {
    get throws {
      guard !methodNames.isEmpty else { return PruningCriterion.allCases }
      return try methodNames.map { name in
        guard let method = PruningCriterion(rawValue: name) else {
          let known = PruningCriterion.allCases.map(\.rawValue).joined(separator: ", ")
          throw ValidationError("--method is \"\(name)\"; write one of \(known).")
        }
        return method
      }
    }
  }

  func run() throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "elsa-benchmark-\(UUID().uuidString)")
    let bench = try Bench(self, temporaryFolder: folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    let patterns = try BenchmarkOptions.patterns(
      patternTexts, default: ["2:4", "3:4", "4:8", "1:4", "6:8"])
    var reports: [PruningReport] = []
    for method in try methods { reports += try bench.measure(method, patterns: patterns) }
    if genomes > 0 {
      let mixed = try BenchmarkOptions.patterns(
        mixedTexts, default: ["1:4", "2:4", "3:4", "4:4"])
      let space = bench.loaded.searchSpace(patterns: mixed)
      guard
        let drawn = space.randomGenomes(
          count: genomes, density: density, of: bench.loaded.weights.network.prunableLayers,
          seed: seed)
      else {
        throw CommandFailure(
          "configurations of density \(density) are too rare among those of "
            + mixed.map(\.description).joined(separator: ", "),
          nextStep: "choose a density nearer to the mean of the patterns, or other patterns")
      }
      for method in try methods { reports.append(try bench.measure(method, space, drawn)) }
    }
    if json { return try Output.json(reports) }
    PruningReport.show(reports)
    Output.result("")
    Output.result(
      "\(counted(images.threadCount, "thread")); memory is the most that the process had at once")
  }
}

/// What was measured of one method; its names are the fields of the JSON.
struct PruningReport: Encodable {
  let model: String
  let method: String
  /// The pattern of all layers, or all of a bank's patterns.
  let pattern: String
  /// The configurations measured; one for a uniform pattern.
  var genomes: Int?
  /// The share of weights that they keep, on average.
  var density: Double?
  var images: Int?
  /// The images classified correctly, on average over the configurations.
  var correct: Double?
  var meanLoss: Double?
  let buildSeconds: Double
  let buildProcessorSeconds: Double
  let peakMemoryBytes: Int

  /// Prints reports as a table.
  static func show(_ reports: [PruningReport]) {
    var table = TextTable([
      ("method", .left), ("pattern", .left), ("correct", .right), ("mean loss", .right),
      ("built in", .right), ("processor", .right), ("memory", .right),
    ])
    for report in reports {
      let isMixed = report.genomes.map { $0 > 1 } ?? false
      table.append([
        report.method, report.pattern + (isMixed ? " mixed" : ""),
        report.correct.map { correct in
          let count = isMixed ? NumberFormat.fixed(correct, 1) : "\(Int(correct))"
          return "\(count) of \(report.images ?? 0)"
        } ?? "", report.meanLoss.map { NumberFormat.fixed($0, 3) } ?? "",
        "\(NumberFormat.fixed(report.buildSeconds, 1)) s",
        "\(NumberFormat.fixed(report.buildProcessorSeconds, 1)) s",
        "\(report.peakMemoryBytes >> 20) MiB",
      ])
    }
    table.lines.forEach(Output.result)
  }
}

/// A model and images that pruning methods are measured with.
private struct Bench {
  let loaded: LoadedModel
  private let command: BenchmarkPruningCommand
  private let calibration: ImageSet?
  private let evaluated: ImageSet?
  private let numerics: InferenceNumerics

  /// The random images that stand for calibration images where none are given.
  private static let randomImageCount = 256

  /// Loads model and images, or draws them.
  init(_ command: BenchmarkPruningCommand, temporaryFolder: URL) throws {
    self.command = command
    let isPath = FileManager.default.fileExists(atPath: command.model)
    if !isPath, let named = try? NetworkFamilies.network(named: command.model) {
      guard command.data == nil else {
        throw CommandFailure(
          "\(command.model) stands for random weights, which have no accuracy",
          nextStep: "leave --data out, or give a checkpoint")
      }
      try FileManager.default.createDirectory(
        at: temporaryFolder, withIntermediateDirectories: true)
      try writeRandomCheckpoint(of: named, to: temporaryFolder.path)
      loaded = try LoadedModel(path: temporaryFolder.path)
    } else {
      loaded = try LoadedModel(path: command.model, configurationPath: command.config)
    }
    numerics = InferenceNumerics.best(for: loaded.weights.network, precision: command.precision)
    let images = command.images
    if let data = command.data {
      try numerics.apply()
      evaluated =
        try images.load(
          data, preprocessing: images.preprocessing(of: loaded.configuration),
          classes: command.classMap.classes(count: loaded.weights.network.classes)
        ).set
    } else {
      evaluated = nil
    }
    let needsImages = try command.methods.contains(where: \.needsCalibration)
    if let path = command.calibration {
      calibration = try PruningOptions.calibrationImages(
        path, of: loaded, images, evaluated: evaluated)
    } else if needsImages {
      guard evaluated == nil else {
        throw CommandFailure(
          "these methods need images to calibrate with",
          nextStep: "add --calibration, or choose --method magnitude")
      }
      calibration = randomImages(count: Self.randomImageCount, of: loaded.weights.network.input)
    } else {
      calibration = nil
    }
  }

  /// Measures uniform configurations of a method.
  func measure(_ method: PruningCriterion, patterns: [NMPattern]) throws -> [PruningReport] {
    let isSplit = evaluated != nil && method.isSequential
    let groups = isSplit ? patterns.map { [$0] } : [patterns]
    return try groups.flatMap { group in
      let space = loaded.searchSpace(patterns: group)
      let (bank, use) = try build(method, space)
      guard evaluated != nil else {
        let patterns = group.map(\.description).joined(separator: " ")
        return [report(method, patterns, use)]
      }
      return try group.map { pattern in
        guard
          let genome = space.genome(
            choosing: Array(repeating: .pattern(pattern), count: space.decisions.count))
        else { preconditionFailure("the space holds its patterns") }
        return try measure([genome], of: bank, report(method, "\(pattern)", use))
      }
    }
  }

  /// Measures mixed configurations of a method.
  func measure(
    _ method: PruningCriterion, _ space: SearchSpace, _ genomes: [Genome]
  ) throws -> PruningReport {
    let (bank, use) = try build(method, space)
    let patterns = space.decisions[0].choices.map(\.description).joined(separator: " ")
    return try measure(genomes, of: bank, report(method, patterns, use))
  }

  /// Builds a bank without any cache.
  private func build(
    _ method: PruningCriterion, _ space: SearchSpace
  ) throws -> (bank: WeightBank, use: ResourceUse) {
    let (bank, use) = try ResourceUse.measuring {
      guard method.needsCalibration, let calibration else {
        return try loaded.weightBank(space: space, threads: command.images.threadCount)
      }
      return try buildBank(
        of: loaded, space: space, criterion: method, calibration: calibration, folder: nil,
        cache: nil, threads: command.images.threadCount, observer: .terminal())
    }
    return (bank, use)
  }

  private func report(
    _ method: PruningCriterion, _ pattern: String, _ use: ResourceUse
  ) -> PruningReport {
    PruningReport(
      model: loaded.configuration.name, method: method.rawValue, pattern: pattern,
      buildSeconds: use.seconds, buildProcessorSeconds: use.processorSeconds,
      peakMemoryBytes: use.peakMemoryBytes)
  }

  /// Adds the accuracy of some configurations to a report.
  private func measure(
    _ genomes: [Genome], of bank: WeightBank, _ report: PruningReport
  ) throws -> PruningReport {
    guard let evaluated else { return report }
    let evaluation = try ModelEvaluation(
      model: loaded, bank: bank, images: evaluated, numerics: numerics,
      threads: command.images.threadCount)
    let progress = SharedProgress()
    var correct = 0
    var loss = 0.0
    for (index, genome) in genomes.enumerated() {
      let totals = try evaluation.measure(genome) {
        progress.show(
          done: index * evaluated.count + $0, total: genomes.count * evaluated.count,
          unit: "images")
      }
      correct += totals.correct
      loss += totals.meanLoss
    }
    progress.finish()
    let count = Double(genomes.count)
    var report = report
    report.genomes = genomes.count
    report.density =
      genomes.reduce(0) {
        $0 + bank.space.density(of: $1, layers: loaded.weights.network.prunableLayers)
      } / count
    report.images = evaluated.count
    report.correct = Double(correct) / count
    report.meanLoss = loss / count
    return report
  }
}
