import Foundation
import ModelFiles
import NetworkArchitectures
import SparsityCore
import VisionTransformers

/// The files of a model, opened and looked at; no values are read.
package struct OpenModel: Sendable {
  /// The tensors.
  package let checkpoint: Checkpoint
  /// The sizes, the normalisation and the preprocessing.
  package let configuration: ModelConfigurationFile
  /// How the tensors stand for the network's.
  package let reading: CheckpointReading

  /// Opens the files of a model.
  ///
  /// What the tensors' names tell comes first: whether it is a network that is supported, and has a
  /// classifier.
  ///
  /// - Throws: ``EvaluationError`` that names the file and what is wrong with it.
  package init(_ source: ModelSource) throws(EvaluationError) {
    let path = try LoadedModel.checkpointPath(at: source.path)
    do {
      let checkpoint = try Checkpoint(path: path, prefix: source.prefix)
      let beside =
        source.configurationPath
        ?? ModelConfigurationFile.path(besideWeights: checkpoint.path)
      let architecture = source.architecture ?? NetworkConfiguration.statedName(at: beside) ?? ""
      try Self.refuse(checkpoint, architecture: architecture)
      let deduced = DeducedConfiguration(of: checkpoint)
      var configuration: ModelConfigurationFile
      if let name = source.architecture {
        configuration = try deduced.configuration(named: name)
      } else if source.configurationPath == nil, !FileManager.default.fileExists(atPath: beside) {
        configuration = try deduced.configuration(missingAt: beside)
      } else {
        configuration = try ModelConfigurationFile(path: beside)
      }
      if let imageSize = source.imageSize {
        configuration = try configuration.with(imageSize: imageSize, name: beside)
      }
      self.init(checkpoint: checkpoint, configuration: configuration)
    } catch let error as ModelFileError {
      throw .file(error)
    } catch let error as EvaluationError {
      throw error
    } catch {
      throw .refused(path: path, reason: "\(error)")
    }
  }

  /// Joins a checkpoint that is open with its configuration.
  init(checkpoint: Checkpoint, configuration: ModelConfigurationFile) {
    self.checkpoint = checkpoint
    self.configuration = configuration
    reading = CheckpointReading(
      checkpoint.tensors, metadata: checkpoint.metadata, for: configuration.architecture)
  }

  /// What was done beyond reading each tensor by its name, in sentences without a full stop.
  package var notifications: [String] {
    checkpoint.notifications + configuration.notifications + reading.notifications
  }

  /// Throws if the tensors' names tell that the model cannot be used.
  private static func refuse(
    _ checkpoint: Checkpoint, architecture: String
  ) throws(EvaluationError) {
    let names = checkpoint.names
    if let reason = ForeignNetworks.reasonToRefuse(names, architecture: architecture) {
      throw .refused(path: checkpoint.path, reason: reason)
    }
    if let first = names.first, WrapperPrefix.prefixes(in: names).isEmpty {
      let subject = architecture.isEmpty ? "the model" : "architecture \(architecture)"
      throw .refused(
        path: checkpoint.path,
        reason: "\(subject) is no ViT, DeiT or Swin by its tensors: there is no "
          + "patch_embed.proj.weight, the first is \(first); elsa models lists what is supported")
    }
    if let expected = ForeignNetworks.missingClassifier(names) {
      throw .model(path: checkpoint.path, fault: .noClassifier(expected: expected))
    }
  }

  /// The type in which a checkpoint holds each tensor, by its name in timm.
  package var elementTypes: [String: ElementType] {
    reading.sources.compactMapValues { checkpoint.elementType($0.names[0]) }
  }

  /// Reads every tensor, in timm's names.
  func tensors() throws(EvaluationError) -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for (name, source) in reading.sources.sorted(by: { $0.key < $1.key }) {
      do {
        tensors[name] = try tensor(source, named: name)
      } catch let error as ModelFileError {
        throw .file(error)
      } catch let error as EvaluationError {
        throw error
      } catch {
        throw .refused(path: checkpoint.path, reason: "\(error)")
      }
    }
    return tensors
  }

  private func tensor(_ source: TensorSource, named name: String) throws -> Tensor {
    func failure(_ fault: CheckpointFault) -> ModelFileError {
      .checkpoint(path: checkpoint.path, fault: fault)
    }
    switch source {
    case .stored(let stored):
      let (shape, values) = try checkpoint.floats(stored)
      return Tensor(shape: shape, values: values)
    case .stacked(let parts):
      let read = try parts.map { try checkpoint.floats($0) }
      guard let first = read.first?.shape, let rows = first.first,
        read.allSatisfy({ $0.shape == first })
      else { throw failure(.stackShape(tensor: parts[0])) }
      return Tensor(
        shape: [rows * parts.count] + first.dropFirst(), values: read.flatMap(\.values))
    case .masked(let weights, let mask):
      let (shape, values) = try checkpoint.floats(weights)
      let factors = try checkpoint.numbers(mask)
      guard factors.shape == shape else { throw failure(.maskShape(tensor: weights)) }
      return Tensor(shape: shape, values: zip(values, factors.values).map { $0 * $1 })
    case .compressed(let weights):
      return try checkpoint.expanded(weights)
    }
  }
}
