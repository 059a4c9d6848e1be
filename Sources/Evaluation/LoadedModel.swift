import ContentHashing
import Foundation
import ModelFiles
import NetworkArchitectures
import SparseKernels
import SparsityCore
import VisionTransformers

/// A model in memory: its configuration and its checked weights.
package struct LoadedModel: Sendable {
  /// The sizes, the normalisation and the preprocessing.
  package let configuration: ModelConfigurationFile
  /// The parameters.
  package let weights: NetworkWeights
  /// How pixels become the model's input.
  package let normalization: PixelNormalization
  /// Where the checkpoint lies.
  package let path: String
  /// The SHA-256 of the checkpoint as one file, see ``ModelFiles/Checkpoint/contentHash()``.
  package let contentHash: ContentHash

  /// What was done beyond reading files as they are, in sentences without a full stop.
  package let notifications: [String]
  /// Whether the checkpoint is the file at ``path``; else a run is about the one that
  /// ``ModelFiles/Checkpoint/write(to:)`` writes.
  package let isWholeFile: Bool
  /// Where each tensor came from, by its name in timm.
  let sources: [String: TensorSource]
  /// The type that each tensor has in the checkpoint, by its name in timm.
  let elementTypes: [String: ElementType]

  /// Loads a checkpoint in the safetensors format, or the one of a folder.
  ///
  /// - Parameters:
  ///   - path: The checkpoint; or a folder with `model.safetensors`, or with one checkpoint.
  ///   - configurationPath: The configuration; without it, `config.json` beside the checkpoint.
  ///   - imageSize: The size of images in place of the configuration's.
  /// - Throws: ``EvaluationError`` that names the file and what is wrong with it.
  package init(
    path: String, configurationPath: String? = nil, imageSize: GridSize? = nil
  ) throws(EvaluationError) {
    try self.init(
      ModelSource(path: path, configurationPath: configurationPath, imageSize: imageSize))
  }

  /// Loads a model.
  ///
  /// - Throws: ``EvaluationError`` that names the file and what is wrong with it.
  package init(_ source: ModelSource) throws(EvaluationError) {
    try self.init(OpenModel(source))
  }

  /// Makes a model of a checkpoint that is open and of its configuration.
  package init(
    file: SafetensorsFile, configuration: ModelConfigurationFile
  ) throws(EvaluationError) {
    let checkpoint: Checkpoint
    do {
      checkpoint = try Checkpoint(file: file)
    } catch {
      throw .file(error)
    }
    try self.init(OpenModel(checkpoint: checkpoint, configuration: configuration))
  }

  /// Reads the values of a model whose files are open.
  package init(_ model: OpenModel) throws(EvaluationError) {
    let (checkpoint, configuration) = (model.checkpoint, model.configuration)
    let tensors = try model.tensors()
    do {
      self.weights = try NetworkWeights(
        architecture: configuration.architecture, tensors: tensors)
      self.normalization = try PixelNormalization(
        mean: configuration.mean, standardDeviation: configuration.standardDeviation)
    } catch {
      throw .model(path: checkpoint.path, fault: error)
    }
    do {
      self.contentHash = try checkpoint.contentHash()
    } catch {
      throw .file(error)
    }
    self.configuration = configuration
    self.path = checkpoint.path
    self.notifications = model.notifications + weights.adaptations
    self.isWholeFile = checkpoint.isWholeFile
    self.sources = model.reading.sources
    self.elementTypes = model.elementTypes
  }

  /// Packs the weights for one arithmetic.
  ///
  /// - Precondition: the variant is supported.
  /// - Complexity: O(weights).
  func packed(
    precision: Precision, variant: KernelVariant
  ) throws(EvaluationError) -> any PackedNetwork {
    do throws(ModelError) {
      return try weights.packed(precision: precision, variant: variant)
    } catch {
      throw .model(path: path, fault: error)
    }
  }

  /// Returns the path of the checkpoint that a path means.
  static func checkpointPath(at path: String) throws(EvaluationError) -> String {
    guard FileManager.default.fileExists(atPath: path) else { throw .noSuchPath(path) }
    let values = try? URL(filePath: path).resolvingSymlinksInPath().resourceValues(
      forKeys: [.isDirectoryKey])
    guard values?.isDirectory == true else { return path }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw .file(.cannotRead(path: path, reason: error.localizedDescription))
    }
    let indices = names.filter { $0.hasSuffix(".safetensors.index.json") }.sorted()
    let checkpoints = names.filter { $0.hasSuffix(".safetensors") }.sorted()
    if !checkpoints.contains("model.safetensors"), indices.count == 1 {
      return path.hasSuffix("/") ? path + indices[0] : path + "/" + indices[0]
    }
    // What others save weights in is looked at, so that what it is can be said.
    let foreign = names.filter { name in
      [".pth", ".pt", ".bin", ".npz", ".ckpt", ".tar"].contains { name.hasSuffix($0) }
    }.sorted()
    if checkpoints.isEmpty, let file = foreign.first {
      return path.hasSuffix("/") ? path + file : path + "/" + file
    }
    let usual = "model.safetensors"
    let single = checkpoints.count == 1 ? checkpoints[0] : usual
    guard checkpoints.contains(single) else {
      throw .noSingleCheckpoint(folder: path, found: checkpoints)
    }
    return path.hasSuffix("/") ? path + single : path + "/" + single
  }
}
