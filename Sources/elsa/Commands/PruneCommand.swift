import ArgumentParser
import Evaluation
import Foundation
import ImageData
import ModelFiles
import Pruning
import RunFiles
import SparsityCore

/// Writes the checkpoint of a genome.
struct PruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Writes the pruned checkpoint of a genome, and its masks.",
    discussion: """
      The checkpoint has timm's names and its zeros in place: PyTorch loads it with \
      load_state_dict, and elsa evaluate as any other. Beside F.safetensors lie F.genome.json \
      (with it, elsa evaluate --genome multiplies sparsely) and a config.json.

      --compressed writes what is kept alone: LAYER.weight.values (F32, outputs × kept) and \
      LAYER.weight.places (U8), the index of each value within its group, 2 bits each for groups \
      of up to 4 and 4 bits for larger ones, the first in the lowest bits, each row from a new \
      byte; the metadata hold LAYER.weight.pattern and LAYER.weight.inputs. elsa evaluate reads \
      it, too.

      EXAMPLES
        elsa prune --model deit_tiny/ --uniform 2:4 --pruning reconstruction \\
          --calibration train-256/ --output pruned.safetensors
        elsa prune --model deit_tiny/ --genome genome.json --output pruned.safetensors
      """)

  @Option(
    help: ArgumentHelp("A checkpoint with its config.json, or their folder.", valueName: "model"))
  var model: String

  @Option(help: ArgumentHelp("The model's config.json, if not beside it.", valueName: "file"))
  var config: String?

  @OptionGroup var genome: GenomeOptions

  @OptionGroup var pruning: PruningOptions

  @Option(help: ArgumentHelp("The checkpoint to write.", valueName: "file.safetensors"))
  var output: String

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
    guard genome.uniform != nil || genome.genome != nil else {
      throw ValidationError("Say what to prune to: --uniform or --genome.")
    }
    guard output.hasSuffix(".safetensors") else {
      throw ValidationError("--output is \"\(output)\"; its name must end in .safetensors.")
    }
  }

  /// What was written; its names are the fields of the JSON.
  struct Report: Encodable {
    let output: String
    let genome: String
    let masks: String?
    let compressed: String?
    let layers: Int
    let keptWeights: Int
    let weights: Int
    let pruning: String
    let meanOutputError: Double?
  }

  func run() throws {
    StopFlag.install()
    for path in [output, masks, compressed].compactMap(\.self) {
      try OutputFolder.check(for: path)
    }
    let loaded = try LoadedModel(path: model, configurationPath: config)
    let layers = loaded.weights.shape.prunableLayers
    let assignment = try genome.assignment(for: layers)
    let (space, chosen) = GenomeOptions.space(of: assignment, layers: layers)
    let bank = try pruning.bank(of: loaded, space: space, images: images, evaluated: nil)
    let pruned = PrunedCheckpoint(model: loaded, bank: bank, genome: chosen)
    let metadata = ["format": "pt", "elsa.pruning": pruning.pruning]
    try writeSafetensors(pruned.denseTensors(), metadata: metadata, to: output)
    if let masks { try writeSafetensors(pruned.maskTensors(), to: masks) }
    if let compressed {
      let (tensors, patterns) = pruned.compressedTensors()
      try writeSafetensors(
        tensors, metadata: metadata.merging(patterns) { own, _ in own }, to: compressed)
    }
    let genomePath = String(output.dropLast(".safetensors".count)) + ".genome.json"
    let file = GenomeFile(model: loaded.configuration.architecture, genome: chosen, in: space)
    do {
      try file.json().write(to: URL(filePath: genomePath), options: .atomic)
    } catch {
      throw CommandFailure("cannot write \(genomePath): \(error.localizedDescription)")
    }
    try copyConfiguration(of: loaded)
    let errors = zip(bank.layers, chosen.genes).compactMap { $0.outputErrors?[Int($1)] }
    let report = Report(
      output: output, genome: genomePath, masks: masks, compressed: compressed,
      layers: layers.count,
      keptWeights: zip(layers, assignment).reduce(0) {
        $0 + $1.0.outputs * $1.1.keptCount(ofInputs: $1.0.inputs)
      },
      weights: layers.reduce(0) { $0 + $1.inputs * $1.outputs }, pruning: pruning.pruning,
      meanOutputError: errors.isEmpty ? nil : errors.reduce(0, +) / Double(errors.count))
    if json { return try Output.json(report) }
    Output.result("wrote      \(output), \(genomePath)")
    Output.result("kept       \(report.keptWeights) of \(report.weights) prunable weights")
  }

  /// Copies the model's configuration beside the checkpoint, unless one lies there.
  private func copyConfiguration(of loaded: LoadedModel) throws {
    let source = config ?? ModelConfigurationFile.path(besideWeights: loaded.path)
    let target = ModelConfigurationFile.path(besideWeights: output)
    guard !FileManager.default.fileExists(atPath: target) else { return }
    do {
      try FileManager.default.copyItem(atPath: source, toPath: target)
    } catch {
      throw CommandFailure("cannot write \(target): \(error.localizedDescription)")
    }
  }
}
