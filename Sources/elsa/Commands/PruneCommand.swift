import ArgumentParser
import Evaluation
import Foundation
import ImageData
import ModelFiles
import Pruning
import RunFiles
import RunPreparation
import RunReports
import RunStorage
import SparsityCore
import TextReports

/// Writes the checkpoint of a genome.
struct PruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Writes the pruned checkpoint of a genome, and its masks.",
    discussion: """
      The checkpoint has the names that the model's has, timm's or those of transformers, without \
      the prefix of a wrapper, its number format, and its zeros in place: PyTorch loads it with \
      load_state_dict, and elsa evaluate as any other. Beside F.safetensors lie F.genome.json \
      (with it, elsa evaluate --genome multiplies sparsely) and a config.json.

      --compressed writes what is kept alone: LAYER.weight.values (F32, outputs × kept) and \
      LAYER.weight.indices (U8), the index of each value within its group, 2 bits each for groups \
      of up to 4 and 4 bits for larger ones, the first in the lowest bits, each row from a new \
      byte; the metadata hold LAYER.weight.pattern and LAYER.weight.inputs. elsa evaluate reads \
      it, too.

      --blocks prunes whole blocks of weights to a density instead of patterns, as LSP does: \
      those of least output energy (the second-order Taylor term), each layer as dense as is best \
      for the sum of the layers' output errors. --curve writes each layer's output error at 101 \
      densities, with or without a checkpoint.

      --run takes model, weights and configuration from a run: those of the point that is the \
      given row of elsa front.

      EXAMPLES
        elsa prune --run my-run --point 2 --output pruned.safetensors
        elsa prune --model deit_tiny/ --uniform 2:4 --pruning reconstruction \\
          --calibration train-256/ --output pruned.safetensors
        elsa prune --model deit_tiny/ --genome my-run/front.json --point 2 \\
          --bank my-run/bank.safetensors --output pruned.safetensors --masks masks.safetensors
        elsa prune --model deit_tiny/ --blocks 16x16 --density 0.8 --calibration train-256/ \\
          --output pruned.safetensors --curve curves.json
      """)

  @Option(
    name: .customLong("run"),
    help: ArgumentHelp("The run directory whose front has the point.", valueName: "folder"))
  var runDirectory: String?

  @Option(
    help: ArgumentHelp("A checkpoint with its config.json, or their folder.", valueName: "model"))
  var model: String?

  @OptionGroup var checkpoint: CheckpointOptions

  @OptionGroup var genome: GenomeOptions

  @OptionGroup var blocks: BlockOptions

  @OptionGroup var pruning: PruningOptions

  @Option(help: ArgumentHelp("The checkpoint to write.", valueName: "file.safetensors"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "The number format of --output (default: that of each tensor of the model).",
      valueName: "f32|bf16|f16"))
  var outputPrecision: OutputPrecision?

  @Option(
    help: ArgumentHelp(
      "Write which weights are kept, too (U8, 1 is kept).", valueName: "file.safetensors"))
  var masks: String?

  @Option(
    help: ArgumentHelp("Write the compressed form, too.", valueName: "file.safetensors"))
  var compressed: String?

  @OptionGroup var images: ImageOptions

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    try genome.checkPoint(hasRun: runDirectory != nil)
    guard (runDirectory == nil) != (model == nil) else {
      throw ValidationError("Give either --run with --point, or --model.")
    }
    if runDirectory != nil {
      try validateRun()
    } else if blocks.blocks == nil {
      guard genome.uniform != nil || genome.genome != nil else {
        throw ValidationError("Say what to prune to: --uniform, --genome or --blocks.")
      }
      guard output != nil else { throw ValidationError("Say what to write: --output.") }
      if pruning.pruning == nil, pruning.calibration != nil {
        throw ValidationError("--calibration goes with --pruning or --blocks; say how to prune.")
      }
    } else {
      try blocks.validate(beside: genome, pruning, hasOutput: output != nil)
      if compressed != nil {
        throw ValidationError("--compressed holds patterns, which --blocks has not; leave it out.")
      }
      if masks != nil, output == nil {
        throw ValidationError("--masks goes with a checkpoint: add --output and --density.")
      }
    }
    for (option, path) in [
      ("--output", output), ("--masks", masks), ("--compressed", compressed),
    ] {
      guard let path, !path.hasSuffix(".safetensors") else { continue }
      throw ValidationError("\(option) is \"\(path)\"; its name must end in .safetensors.")
    }
  }

  private func validateRun() throws {
    let isAlone =
      genome.uniform == nil && genome.genome == nil && blocks.blocks == nil && checkpoint.isEmpty
      && pruning.pruning == nil && pruning.calibration == nil && pruning.bank == nil
    guard isAlone else {
      throw ValidationError(
        "--run has its own model, weights and configuration: leave out --config, "
          + "--architecture, --prefix, --uniform, --genome, --blocks, --pruning, --calibration "
          + "and --bank.")
    }
    guard genome.point != nil else {
      throw ValidationError("--run needs --point: a row of elsa front, from 1.")
    }
    guard output != nil else { throw ValidationError("Say what to write: --output.") }
  }

  /// What was written; its names are the fields of the JSON.
  struct Report: Encodable {
    let output: String?
    let genome: String?
    let masks: String?
    let compressed: String?
    let curve: String?
    let layers: Int
    let keptWeights: Int
    let weights: Int
    let pruning: String
    let meanOutputError: Double?
  }

  func run() throws {
    for path in [output, masks, compressed, blocks.curve].compactMap(\.self) {
      try OutputFolder.check(for: path)
    }
    let report = try prune()
    if json { return try Output.json(report) }
    let written = [report.output, report.genome, report.masks, report.compressed, report.curve]
    Output.result("wrote      \(written.compactMap { $0 }.joined(separator: ", "))")
    if report.output != nil {
      Output.result("kept       \(report.keptWeights) of \(report.weights) prunable weights")
    }
    if let error = report.meanOutputError {
      Output.result(
        "lost       \(NumberFormat.percent(error)) of a layer's output energy, on average")
    }
  }

  private func prune() throws -> Report {
    if let runDirectory, let point = genome.point {
      return try prunePoint(point, of: runDirectory)
    }
    guard let model else { preconditionFailure("--model is checked") }
    let loaded = try checkpoint.loaded(model)
    guard blocks.blocks == nil else { return try pruneBlocks(of: loaded) }
    let assignment = try genome.assignment(
      for: loaded.weights.network, of: loaded.configuration.name)
    // Nothing is evaluated here, so the weights are those of a run's bank.
    try BankArithmetic.apply()
    return try write(
      pruning.choice(of: loaded, assignment: assignment, images: images, evaluated: nil),
      of: loaded)
  }

  // MARK: Patterns

  /// Prunes to a point of a run's front, with the run's own weights.
  private func prunePoint(_ place: Int, of run: String) throws -> Report {
    let front = try JournaledFront(
      directory: RunDirectory(userPath: run), notified: Output.notify)
    let point = try front.point(at: place)
    let runFile = try RunFile(path: front.directory.runFile)
    let loaded = try front.model(runFile)
    let bank = try front.bank(of: loaded, threads: images.threadCount)
    Output.notify(
      "point \(place) is candidate #\(point.candidate), right on \(point.correct) of "
        + "\(counted(point.images, "image"))")
    return try write(
      PruningOptions.Choice(
        bank: bank, genome: front.genome(of: point), pruning: front.description.criterion),
      of: loaded)
  }

  /// Writes the checkpoint of a choice and what lies beside it.
  private func write(
    _ choice: PruningOptions.Choice, of loaded: LoadedModel
  ) throws -> Report {
    guard let output else { preconditionFailure("--output is checked") }
    let layers = loaded.weights.network.prunableLayers
    let (bank, chosen) = (choice.bank, choice.genome)
    let pruned = PrunedCheckpoint(model: loaded, bank: bank, genome: chosen)
    let metadata = ["format": "pt", "elsa.pruning": choice.pruning]
    try write(pruned, metadata: metadata, of: loaded, to: output)
    if let compressed {
      let (tensors, patterns) = pruned.compressedTensors()
      try writeSafetensors(
        tensors, metadata: metadata.merging(patterns) { own, _ in own }, to: compressed)
    }
    let genomePath = String(output.dropLast(".safetensors".count)) + ".genome.json"
    let file = GenomeFile(model: loaded.configuration.name, genome: chosen, in: bank.space)
    try Output.write(file.json(), to: genomePath)
    let errors = zip(bank.layers, bank.levelChoice.levels(of: chosen)).compactMap {
      $0.outputErrors?[$1]
    }
    return Report(
      output: output, genome: genomePath, masks: masks, compressed: compressed, curve: nil,
      layers: layers.count,
      keptWeights: zip(layers, bank.space.patterns(of: layers, in: chosen)).reduce(0) {
        $0 + $1.0.outputs * $1.1.keptCount(ofInputs: $1.0.inputs)
      },
      weights: layers.reduce(0) { $0 + $1.inputs * $1.outputs }, pruning: choice.pruning,
      meanOutputError: errors.isEmpty ? nil : errors.reduce(0, +) / Double(errors.count))
  }

  /// Writes a checkpoint with its configuration, and its masks if asked for.
  private func write(
    _ pruned: PrunedCheckpoint, metadata: [String: String], of loaded: LoadedModel,
    to output: String
  ) throws {
    let tensors = try pruned.denseTensors(as: outputPrecision?.elementType)
    if outputPrecision == nil, pruned.isRounded {
      Output.notify(
        "The weights keep the model's number format: what pruning has changed is rounded to it; "
          + "--output-precision f32 keeps all digits.")
    }
    try writeSafetensors(tensors, metadata: metadata, to: output)
    if let masks { try writeSafetensors(pruned.maskTensors(), to: masks) }
    try Self.writeConfiguration(of: loaded, besides: output)
  }

  /// Writes the model's configuration beside the checkpoint, unless one lies there.
  private static func writeConfiguration(of loaded: LoadedModel, besides output: String) throws {
    let target = ModelConfigurationFile.path(besideWeights: output)
    guard !FileManager.default.fileExists(atPath: target) else { return }
    try Output.write(Data(loaded.configuration.bytes), to: target)
    // What transformers knows of images lies in another file.
    let (name, end) = ("preprocessor_config.json", "config.json".count)
    let source = ModelConfigurationFile.path(besideWeights: loaded.path).dropLast(end) + name
    let copy = target.dropLast(end) + name
    guard let content = FileManager.default.contents(atPath: String(source)),
      !FileManager.default.fileExists(atPath: String(copy))
    else { return }
    try Output.write(content, to: String(copy))
  }

  // MARK: Blocks

  private func pruneBlocks(of loaded: LoadedModel) throws -> Report {
    guard let size = blocks.size, let calibration = pruning.calibration else {
      preconditionFailure("--blocks and --calibration are checked")
    }
    let set = try PruningOptions.calibrationImages(calibration, of: loaded, images, evaluated: nil)
    let layers = loaded.weights.network.prunableLayers
    let progress = SharedProgress()
    let scored = try loaded.blockPruning(
      size: size, images: set, cache: pruning.cache.cache, threads: images.threadCount
    ) { (done: Int) throws(EvaluationError) in
      progress.show(done: done, total: layers.count, unit: "layers scored")
    }
    progress.finish()
    if let curve = blocks.curve {
      try Output.write(
        BlockOptions.curves(of: scored, layers: layers, model: loaded, size: size), to: curve)
    }
    let counts = layers.map { $0.inputs * $0.outputs }
    var kept = counts.reduce(0, +)
    var error: Double?
    if let output, let density = blocks.density {
      let curves = scored.map(\.outputErrors)
      let steps = allocateDensity(density, curves: curves, weightCounts: counts)
      let pruned = zip(scored, steps).map {
        $0.pruned(density: Double($1) / Double($0.outputErrors.count - 1)).values.map(Float.init)
      }
      kept = pruned.reduce(0) { $0 + $1.count { $0 != 0 } }
      error = zip(curves, steps).reduce(0) { $0 + $1.0[$1.1] } / Double(steps.count)
      try write(
        PrunedCheckpoint(model: loaded, weights: pruned),
        metadata: ["format": "pt", "elsa.pruning": "lsp \(size)"], of: loaded, to: output)
    }
    return Report(
      output: output, genome: nil, masks: masks, compressed: nil, curve: blocks.curve,
      layers: layers.count, keptWeights: kept, weights: counts.reduce(0, +),
      pruning: "lsp \(size)", meanOutputError: error)
  }
}
