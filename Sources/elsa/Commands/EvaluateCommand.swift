import AcceleratorModel
import ArgumentParser
import Evaluation
import Foundation
import ImageData
import ModelFiles
import RunPreparation
import SparsityCore
import TextReports

/// The accuracy of one configuration.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measures the accuracy of one configuration with truly sparse inference.",
    discussion: """
      Without --uniform and --genome the dense model is measured.

      EXAMPLES
        elsa evaluate --model deit_tiny/ --data val/ --uniform 2:4
        elsa evaluate --model deit_tiny/ --data val-227/ --resize none --genome genome.json --json
        elsa evaluate --model deit_tiny/ --data val/ --uniform 2:4 --pruning reconstruction \\
          --calibration train-256/
        elsa evaluate --model deit_tiny/ --data val/ --genome my-run/front.json --point 2 \\
          --bank my-run/bank.safetensors
        elsa evaluate --model deit_tiny/ --data imagenette/val/ --class-map classes.txt
        elsa evaluate --model deit_tiny/ --data val/ --bank my-run/bank.safetensors \\
          --genomes many.jsonl > measured.jsonl
      """)

  @Option(
    help: ArgumentHelp("A checkpoint with its config.json, or their folder.", valueName: "model"))
  var model: String

  @OptionGroup var checkpoint: CheckpointOptions

  @Option(
    help: ArgumentHelp(
      "Take images of this size in place of the configuration's, in pixels: a ViT's positions are "
        + "resampled as timm does, a Swin's windows cover another map.",
      valueName: "side|HEIGHTxWIDTH"))
  var imageSize: ImageSizeArgument?

  @Option(
    help: ArgumentHelp(
      "A packed set, an ImageFolder or a folder with labels.txt.", valueName: "images"))
  var data: String

  @OptionGroup var genome: GenomeOptions

  @Option(
    help: ArgumentHelp(
      "Measure every genome of this file, one a line in JSON, with the weights of --bank or pruned "
        + "by magnitude; prints a line of JSON for each, with every image's bit and loss.",
      valueName: "file"))
  var genomes: String?

  @Option(
    help: ArgumentHelp(
      "Write the logits, a safetensors file: `logits` F32 (images × classes), and `labels`, in the "
        + "order of the set.",
      valueName: "file"))
  var logits: String?

  @OptionGroup var pruning: PruningOptions

  @Option(help: ArgumentHelp("The number format.", valueName: "f32|bf16"))
  var precision = Precision.f32

  @OptionGroup var images: ImageOptions

  @OptionGroup var classMap: ClassMapOptions

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    try genome.checkPoint()
    if genomes != nil {
      guard logits == nil else { throw ValidationError("--logits is not for --genomes.") }
      guard genome.genome == nil, genome.uniform == nil else {
        throw ValidationError("--genomes excludes --genome and --uniform.")
      }
      guard pruning.pruning == nil else {
        throw ValidationError("--pruning is not for --genomes; give the --bank of a run.")
      }
    }
    if pruning.pruning == nil, pruning.calibration != nil {
      throw ValidationError("--calibration goes with --pruning; say how to prune.")
    }
  }

  /// What was measured; its names are the fields of the JSON.
  struct Report: Encodable {
    let model: String
    let images: Int
    let brokenImages: Int
    let correct: Int
    let top1: Double
    let top5: Double
    let meanLoss: Double
    let imagesPerSecond: Double
    let macs: Int64
    let denseMacs: Int64
    let precision: String
    let pruning: String
    let numerics: String
  }

  func run() throws {
    let loaded = try checkpoint.loaded(model, imageSize: imageSize?.size)
    if let genomes { return try measureAll(of: genomes, of: loaded) }
    let assignment = try genome.assignment(
      for: loaded.weights.network, of: loaded.configuration.name)
    let (set, broken) = try images.load(
      data, preprocessing: images.preprocessing(of: loaded.configuration),
      classes: classMap.classes(count: loaded.weights.network.classes))
    let numerics = InferenceNumerics.best(for: loaded.weights.network, precision: precision)
    try set.checkFits(loaded.weights.network)
    try numerics.apply()
    let choice = try pruning.choice(
      of: loaded, assignment: assignment, images: images, evaluated: set)
    let evaluation = try ModelEvaluation(
      model: loaded, bank: choice.bank, images: set, numerics: numerics, threads: images.threadCount
    )
    let progress = SharedProgress()
    let start = ContinuousClock.now
    var kept: [Float] = []
    let totals = try evaluation.measure(
      choice.genome,
      progress: { progress.show(done: $0, total: set.count, unit: "images") },
      showLogits: logits == nil ? nil : { kept += $0 })
    let seconds = (ContinuousClock.now - start).seconds
    progress.finish()
    guard totals.meanLoss.isFinite else {
      throw CommandFailure(
        "the losses of \(data) sum up to \(totals.summedLoss), which is no loss",
        nextStep: "look for weights in \(self.model) that are no numbers, or use --precision f32")
    }
    if let logits { try write(logits: kept, of: set, to: logits) }
    let model = try computingCosts(of: loaded.path) {
      try CostModel(
        network: loaded.weights.network, space: choice.bank.space, profile: .systolic32, batch: 1)
    }
    let cost = model.cost(of: choice.genome)
    let report = Report(
      model: loaded.configuration.name, images: totals.images, brokenImages: broken,
      correct: totals.correct, top1: totals.top1, top5: totals.top5, meanLoss: totals.meanLoss,
      imagesPerSecond: Double(totals.images) / seconds, macs: cost.macs,
      denseMacs: cost.denseMacs, precision: precision.rawValue, pruning: choice.pruning,
      numerics: numerics.description)
    if json { return try Output.json(report) }
    show(report)
  }

  /// Writes the logits and the labels of a set.
  private func write(logits: [Float], of set: ImageSet, to path: String) throws {
    try writeSafetensors(
      [
        NewTensor(
          name: "logits", shape: [set.count, logits.count / max(set.count, 1)], values: logits),
        NewTensor(name: "labels", shape: [set.count], values: set.labels.map { Int32($0) }),
      ], to: path)
  }

  private func show(_ report: Report) {
    Output.result(
      "top-1      \(report.correct) of \(report.images) (\(NumberFormat.percent(report.top1)))")
    Output.result("top-5      \(NumberFormat.percent(report.top5))")
    Output.result("mean loss  \(NumberFormat.fixed(report.meanLoss, 4))")
    Output.result(
      "MACs       \(NumberFormat.scaled(report.macs)) an image "
        + "of \(NumberFormat.scaled(report.denseMacs))")
    Output.result(
      "speed      \(NumberFormat.fixed(report.imagesPerSecond, 1)) images/s, "
        + "\(counted(images.threadCount, "thread")), \(report.numerics)")
  }
}
