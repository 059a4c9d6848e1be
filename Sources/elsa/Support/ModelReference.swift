import Foundation
import ModelFiles
import SparsityCore
import VisionTransformers

/// A model that is only referred to: by timm name, checkpoint, folder or configuration.
struct ModelReference {
  /// The name for reports.
  let name: String
  /// The name that the shape was found by, or the file that it was read from.
  let source: String
  /// The architecture in timm's words; empty if the configuration does not say.
  let architecture: String
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
      self.init(
        name: swin.name, source: swin.name, architecture: swin.name, shape: .swin(swin.shape))
    } else {
      do {
        let named = try NamedModel.named(model)
        self.init(
          name: named.name, source: named.name, architecture: named.name,
          shape: .transformer(named.shape))
      } catch {
        let swins = SwinShape.named.map(\.name).joined(separator: ", ")
        throw CommandFailure("\(error); estimates also know \(swins)")
      }
    }
  }

  private init(name: String, source: String, architecture: String, shape: ModelShape) {
    self.name = name
    self.source = source
    self.architecture = architecture
    self.shape = shape
  }

  private init(configuration path: String, of model: String) throws {
    if let swin = try SwinConfiguration(path: path) {
      self.init(
        name: swin.name, source: path, architecture: swin.name, shape: .swin(swin.shape))
      return
    }
    let file = try ModelConfigurationFile(path: path, shapeNamed: Self.shape)
    self.init(
      name: file.architecture.isEmpty ? model : file.architecture,
      source: path, architecture: file.architecture, shape: .transformer(file.shape))
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
    let parsed: JSONValue
    do {
      parsed = try JSONParser.parse(
        readFile(path, limitBytes: ModelConfigurationFile.sizeMax))
    } catch {
      // Whoever reads the file as another model says what is wrong with it.
      return nil
    }
    guard case .object(let top) = parsed, case .string(let architecture)? = top["architecture"],
      architecture.hasPrefix("swin_")
    else { return nil }
    guard let named = ModelReference.swin(named: architecture) else {
      throw CommandFailure(
        "\(path) has the architecture \(architecture.prefix(80)), which is not known",
        nextStep: "use one of \(SwinShape.named.map(\.name).joined(separator: ", "))")
    }
    let scopes = [top["model_args"], parsed, top["pretrained_cfg"]]
    func numbers(_ key: String, _ fallback: [Int]) throws -> [Int] {
      for case .object(let members)? in scopes {
        guard let found = members[key], found != .null else { continue }
        let values: [JSONValue]
        if case .array(let several) = found, fallback.count > 1 {
          values = several
        } else {
          values = fallback.count == 1 ? [found] : []
        }
        let numbers = values.compactMap { value -> Int? in
          guard case .integer(let number) = value else { return nil }
          return number
        }
        guard !numbers.isEmpty, numbers.count == values.count else {
          throw CommandFailure(
            "\(path): \"\(key)\" is \(found.excerpt)",
            nextStep: fallback.count == 1 ? "write an integer" : "write a list of integers")
        }
        return numbers
      }
      return fallback
    }
    func number(_ key: String, _ fallback: Int) throws -> Int { try numbers(key, [fallback])[0] }
    let shape = named.shape
    name = named.name
    do {
      self.shape = try SwinShape(
        imageSize: number("img_size", shape.imageSize),
        patchSize: number("patch_size", shape.patchSize),
        channels: number("in_chans", shape.channels),
        embeddingWidth: number("embed_dim", shape.embeddingWidth),
        depths: numbers("depths", shape.depths), heads: numbers("num_heads", shape.heads),
        windowSize: number("window_size", shape.windowSize),
        classes: number("num_classes", shape.classes))
    } catch let error as TransformerShapeError {
      throw CommandFailure("\(path): \(error)")
    }
  }
}
