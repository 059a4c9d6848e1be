import Foundation
import ModelFiles
import SparsityCore
import VisionTransformers

/// A model that is only referred to: by timm name, checkpoint, folder or configuration.
struct ModelReference {
  /// The name for reports.
  let name: String
  /// The sizes of the model.
  let shape: TransformerShape

  /// Finds the shape of `model`; no weights are read.
  init(_ model: String, config: String?) throws {
    if let config {
      try self.init(configuration: config, of: model)
    } else if FileManager.default.fileExists(atPath: model) {
      try self.init(configuration: Self.configurationPath(of: model), of: model)
    } else if model.contains("/") || model.hasSuffix(".safetensors") {
      throw CommandFailure(
        "no model at \(model)", nextStep: "give a checkpoint, a folder with one, or a timm name")
    } else {
      let named = try NamedModel.named(model)
      self.init(name: named.name, shape: named.shape)
    }
  }

  private init(name: String, shape: TransformerShape) {
    self.name = name
    self.shape = shape
  }

  private init(configuration path: String, of model: String) throws {
    let file = try ModelConfigurationFile(path: path, shapeNamed: Self.shape)
    self.init(name: file.architecture.isEmpty ? model : file.architecture, shape: file.shape)
  }

  /// Returns the shape of a timm name, or `nil` if it is not known.
  static func shape(named name: String) -> TransformerShape? {
    NamedModel.all.first { $0.name == name }?.shape
  }

  /// Returns where the configuration of a checkpoint or folder lies.
  static func configurationPath(of model: String) -> String {
    var isFolder: ObjCBool = false
    let exists = unsafe FileManager.default.fileExists(atPath: model, isDirectory: &isFolder)
    if exists, isFolder.boolValue {
      return (model as NSString).appendingPathComponent("config.json")
    }
    if model.hasSuffix(".json") { return model }
    return ModelConfigurationFile.path(besideWeights: model)
  }
}
