import Foundation
import ModelFiles
import NetworkArchitectures

/// A model that is only referred to: by timm name, checkpoint, folder or configuration.
struct ModelReference {
  /// The name for reports.
  let name: String
  /// The name that the network was found by, or the file that it was read from.
  let source: String
  /// The architecture in timm's words; empty if the configuration does not say.
  let architecture: String
  /// What the model is made of.
  let network: Network

  /// Finds the network of `model`; no weights are read.
  init(_ model: String, config: String?) throws {
    let isFile = FileManager.default.fileExists(atPath: model)
    if let path = config ?? (isFile ? Self.configurationPath(of: model) : nil) {
      let configuration = try NetworkConfiguration(path: path)
      name = configuration.name.isEmpty ? model : configuration.name
      source = path
      architecture = configuration.name
      network = configuration.network
    } else if model.contains("/") || model.hasSuffix(".safetensors") {
      throw CommandFailure(
        "no model at \(model)", nextStep: "give a checkpoint, a folder with one, or a timm name")
    } else {
      let named = try NetworkFamilies.network(named: model)
      name = named.name
      source = named.name
      architecture = named.name
      network = named.architecture.network
    }
  }

  /// Returns where the configuration of a checkpoint or folder lies.
  static func configurationPath(of model: String) -> String {
    var isFolder: ObjCBool = false
    let exists = unsafe FileManager.default.fileExists(atPath: model, isDirectory: &isFolder)
    if exists, isFolder.boolValue {
      return (model as NSString).appendingPathComponent("config.json")
    }
    if model.hasSuffix(".json"), !model.hasSuffix(".safetensors.index.json") { return model }
    return ModelConfigurationFile.path(besideWeights: model)
  }
}
