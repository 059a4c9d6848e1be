import ArgumentParser
import Evaluation
import Foundation
import Pruning
import SparsityCore

/// How blocks of weights are pruned, as commands are told it.
struct BlockOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Prune blocks of so many outputs and inputs, as in 16x16.", valueName: "OUTxIN"))
  var blocks: String?

  @Option(help: ArgumentHelp("The share of all prunable weights to keep.", valueName: "0…1"))
  var density: Double?

  @Option(
    help: ArgumentHelp("Write each layer's output error against density.", valueName: "file.json"))
  var curve: String?

  /// The size of the blocks, or `nil` without one.
  var size: BlockSize? { blocks.flatMap(BlockSize.init) }

  func validate() throws {
    guard let blocks else {
      if density != nil || curve != nil {
        throw ValidationError("--density and --curve are about blocks: add --blocks, as in 16x16.")
      }
      return
    }
    guard size != nil else {
      throw ValidationError(
        "--blocks is \"\(blocks)\"; write outputs x inputs of a block, each 1…4096, as in 16x16.")
    }
    if let density, !(0...1).contains(density) {
      throw ValidationError("--density is \(density); allowed is 0…1.")
    }
  }

  /// Refuses options that do not go with blocks.
  func validate(
    beside genome: GenomeOptions, _ pruning: PruningOptions, hasOutput: Bool
  ) throws {
    if genome.uniform != nil || genome.genome != nil {
      throw ValidationError("--blocks prunes to a density; leave out --uniform and --genome.")
    }
    if pruning.pruning != nil || pruning.bank != nil {
      throw ValidationError("--blocks is a criterion of its own; leave out --pruning and --bank.")
    }
    if pruning.calibration == nil {
      throw ValidationError("--blocks needs images: add --calibration.")
    }
    if hasOutput != (density != nil) {
      throw ValidationError("--density and --output go together: how dense, and where to.")
    }
    if !hasOutput, curve == nil {
      throw ValidationError("Say what to write: --output with --density, --curve, or all of them.")
    }
  }

  /// Returns the curves of all layers as JSON.
  static func curves(
    of scored: [BlockPruning], layers: [PrunableLayer], model: LoadedModel, size: BlockSize
  ) throws -> Data {
    struct Point: Encodable {
      let density: Double
      let outputError: Double
    }
    struct File: Encodable {
      let model: String
      let blocks: String
      let layers: [String: [Point]]
    }
    let curves = zip(layers, scored).map { layer, pruning in
      let errors = pruning.outputErrors
      let points = errors.enumerated().map {
        Point(density: Double($0.offset) / Double(errors.count - 1), outputError: $0.element)
      }
      return (layer.name, points)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return try encoder.encode(
      File(
        model: model.configuration.name, blocks: "\(size)",
        layers: Dictionary(uniqueKeysWithValues: curves)))
  }
}
