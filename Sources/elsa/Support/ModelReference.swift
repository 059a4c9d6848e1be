import Foundation
import ModelFiles
import SparsityCore
import VisionTransformers

/// A model that is only referred to: by timm name, checkpoint, folder or configuration.
struct ModelReference {
  /// The name for reports.
  let name: String
  /// The sizes of the model.
  let shape: ModelShape

  /// Finds the shape of `model`; no weights are read.
  init(_ model: String, config: String?) throws {
    if let config {
      try self.init(configuration: config, of: model)
    } else if FileManager.default.fileExists(atPath: model) {
      try self.init(configuration: Self.configurationPath(of: model), of: model)
    } else if model.contains("/") || model.hasSuffix(".safetensors") {
      throw CommandFailure(
        "no model at \(model)", nextStep: "give a checkpoint, a folder with one, or a timm name")
    } else if let swin = Self.swin(named: model) {
      self.init(name: swin.name, shape: .swin(swin.shape))
    } else {
      do {
        let named = try NamedModel.named(model)
        self.init(name: named.name, shape: .transformer(named.shape))
      } catch {
        let swins = SwinShape.named.map(\.name).joined(separator: ", ")
        throw CommandFailure("\(error); estimates also know \(swins)")
      }
    }
  }

  private init(name: String, shape: ModelShape) {
    self.name = name
    self.shape = shape
  }

  private init(configuration path: String, of model: String) throws {
    if let swin = try SwinConfiguration(path: path) {
      self.init(name: swin.name, shape: .swin(swin.shape))
      return
    }
    let file = try ModelConfigurationFile(path: path, shapeNamed: Self.shape)
    self.init(
      name: file.architecture.isEmpty ? model : file.architecture,
      shape: .transformer(file.shape))
  }

  /// Returns the shape of a timm name, or `nil` if it is not known.
  static func shape(named name: String) -> TransformerShape? {
    NamedModel.all.first { $0.name == name }?.shape
  }

  /// Returns the Swin transformer of a timm name, whose tag does not matter.
  static func swin(named name: String) -> (name: String, shape: SwinShape)? {
    let base = String(name.prefix { $0 != "." })
    return SwinShape.named.first { $0.name == base }
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

/// The `config.json` of a Swin transformer in timm's form.
struct SwinConfiguration {
  /// The model's name in timm, without its tag.
  let name: String
  /// The sizes: those of the file, the others those of the name.
  let shape: SwinShape

  /// Reads a file; `nil` if its architecture is no Swin transformer.
  init?(path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    let object: Any
    do {
      object = try JSONSerialization.jsonObject(with: data)
    } catch {
      // Whoever reads the file as another model says what is wrong with it.
      return nil
    }
    guard let top = object as? [String: Any], let architecture = top["architecture"] as? String,
      architecture.hasPrefix("swin_")
    else { return nil }
    guard let named = ModelReference.swin(named: architecture) else {
      throw CommandFailure(
        "\(path) has the architecture \(architecture), which is not known",
        nextStep: "use one of \(SwinShape.named.map(\.name).joined(separator: ", "))")
    }
    let arguments = top["model_args"] as? [String: Any] ?? [:]
    let pretrained = top["pretrained_cfg"] as? [String: Any] ?? [:]
    func value<Value>(_ key: String, _ fallback: Value) throws -> Value {
      let found = [arguments, top, pretrained].compactMap { $0[key] }.first { !($0 is NSNull) }
      guard let found else { return fallback }
      guard let value = found as? Value else {
        throw CommandFailure("\(path) has \(key) \(found), which is of another kind than usual")
      }
      return value
    }
    let shape = named.shape
    name = named.name
    do {
      self.shape = try SwinShape(
        imageSize: value("img_size", shape.imageSize),
        patchSize: value("patch_size", shape.patchSize),
        channels: value("in_chans", shape.channels),
        embeddingWidth: value("embed_dim", shape.embeddingWidth),
        depths: value("depths", shape.depths), heads: value("num_heads", shape.heads),
        windowSize: value("window_size", shape.windowSize),
        classes: value("num_classes", shape.classes))
    } catch let error as TransformerShapeError {
      throw CommandFailure("\(path): \(error)")
    }
  }
}
