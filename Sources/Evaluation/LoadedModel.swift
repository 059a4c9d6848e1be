import ContentHashing
import Foundation
import ModelFiles
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
  /// The SHA-256 of the checkpoint file.
  package let contentHash: ContentHash

  /// Loads a checkpoint in the safetensors format, or the one of a folder.
  ///
  /// - Parameters:
  ///   - path: The checkpoint; or a folder with `model.safetensors`, or with one checkpoint.
  ///   - configurationPath: The configuration; without it, `config.json` beside the checkpoint.
  /// - Throws: ``EvaluationError`` that names the file and what is wrong with it.
  package init(path: String, configurationPath: String? = nil) throws(EvaluationError) {
    let checkpoint = try Self.checkpointPath(at: path)
    let configurationPath =
      configurationPath ?? ModelConfigurationFile.path(besideWeights: checkpoint)
    let file: SafetensorsFile
    let configuration: ModelConfigurationFile
    do {
      file = try SafetensorsFile(path: checkpoint)
      configuration = try ModelConfigurationFile(path: configurationPath)
    } catch {
      throw .file(error)
    }
    try self.init(file: file, configuration: configuration)
  }

  /// Makes a model of a checkpoint that is open and of its configuration.
  package init(
    file: SafetensorsFile, configuration: ModelConfigurationFile
  ) throws(EvaluationError) {
    var tensors: [String: Tensor] = [:]
    let names = configuration.architecture.checkpointNames(for: file.names)
    for name in file.names where names[name] != nil {
      if name.hasSuffix(".weight.indices") { continue }
      if name.hasSuffix(".weight.values") {
        let weights = String(name.dropLast(".values".count))
        tensors[weights] = try file.expanded(weights)
        continue
      }
      do {
        let (shape, values) = try file.floats(name)
        tensors[name] = Tensor(shape: shape, values: values)
      } catch {
        throw .file(error)
      }
    }
    do {
      self.weights = try NetworkWeights(
        architecture: configuration.architecture, tensors: tensors)
      self.normalization = try PixelNormalization(
        mean: configuration.mean, standardDeviation: configuration.standardDeviation)
    } catch {
      throw .model(path: file.path, fault: error)
    }
    self.configuration = configuration
    self.path = file.path
    self.contentHash = file.contentHash()
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
    let checkpoints = names.filter { $0.hasSuffix(".safetensors") }.sorted()
    let usual = "model.safetensors"
    let single = checkpoints.count == 1 ? checkpoints[0] : usual
    guard checkpoints.contains(single) else {
      throw .noSingleCheckpoint(folder: path, found: checkpoints)
    }
    return path.hasSuffix("/") ? path + single : path + "/" + single
  }
}
