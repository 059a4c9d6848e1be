import ModelFiles
import NetworkArchitectures
import SparsityCore

/// The configuration of a model that comes without one, from its name in timm or its tensors.
struct DeducedConfiguration {
  private let checkpoint: Checkpoint

  init(of checkpoint: Checkpoint) {
    self.checkpoint = checkpoint
  }

  /// Returns the configuration of a model that has a name in timm.
  ///
  /// Image size and classes are those of the tensors where they tell: a model may have been trained
  /// further with others.
  ///
  /// - Throws: ``UnknownNetwork``, or ``ModelFiles/ModelFileError`` as for a file.
  func configuration(named name: String) throws -> ModelConfigurationFile {
    try configuration(of: NetworkFamilies.network(named: name), name: "the sizes of \(name)")
  }

  /// Returns the configuration of the only known model that has such tensors.
  ///
  /// - Parameter path: Where a configuration would lie, for the error.
  /// - Throws: ``ModelFiles/ModelFileError`` if none has, or several that read images differently.
  func configuration(missingAt path: String) throws -> ModelConfigurationFile {
    let candidates = NetworkFamilies.named.filter(fits)
    guard let first = candidates.first else {
      throw ModelFileError.cannotRead(
        path: path,
        reason: "there is no configuration, and no model that is known by name has such tensors; "
          + "put the model's config.json there, or give --config")
    }
    // The same tensors may be computed with by other functions.
    let isOne = candidates.allSatisfy { candidate in
      AnyHashable(candidate.architecture) == AnyHashable(first.architecture)
        && Preprocessing.usualKeys(of: candidate.name) == Preprocessing.usualKeys(of: first.name)
    }
    guard isOne else {
      throw ModelFileError.cannotRead(
        path: path,
        reason: "there is no configuration, and the tensors are those of "
          + candidates.map(\.name).joined(separator: " or ")
          + ", which read or compute images differently; say which with --architecture (in a run "
          + "file model.architecture)")
    }
    return try configuration(of: first, name: "the sizes of \(first.name)")
  }

  private func configuration(
    of network: NamedNetwork, name: String
  ) throws -> ModelConfigurationFile {
    guard var keys = Preprocessing.usualKeys(of: network.name) else {
      throw ModelFileError.cannotRead(
        path: checkpoint.path,
        reason: "the weights that timm has under the name \(network.name) read images differently; "
          + "put the config.json of these beside them, or give --config")
    }
    keys["architecture"] = .string(network.name)
    if let classes = classCount { keys["num_classes"] = .integer(classes) }
    let tokens = network.architecture.network.tensors.first { $0.name == "pos_embed" }?.shape[1]
    if let tokens, let side = imageSide(of: network, tokens: tokens) {
      keys["img_size"] = .integer(side)
    }
    return try ModelConfigurationFile(
      bytes: Array((JSONValue.object(keys).text + "\n").utf8), name: name,
      notifications: [
        "there is no config.json; sizes and preprocessing are those of \(network.name) in timm"
      ])
  }

  /// The side of the images that as many positions belong to as the checkpoint has.
  private func imageSide(of network: NamedNetwork, tokens: Int) -> Int? {
    guard let found = shape("pos_embed"), found.count == 3,
      let patch = shape("patch_embed.proj.weight")?.last
    else { return nil }
    let input = network.architecture.network.input.size.height
    let extra = tokens - (input / patch) * (input / patch)
    let side = Int(Double(max(found[1] - extra, 0)).squareRoot().rounded())
    return side * side == found[1] - extra ? side * patch : nil
  }

  private func shape(_ name: String) -> [Int]? { try? checkpoint.entry(name).shape }

  /// The outputs of the classifier.
  private var classCount: Int? {
    (shape("head.weight") ?? shape("head.fc.weight") ?? shape("classifier.weight"))?.first
  }

  /// Whether the tensors are those of a network, but for its classes.
  private func fits(_ named: NamedNetwork) -> Bool {
    // The norms of transformers may add another constant than timm's.
    guard !checkpoint.names.contains(where: { $0.contains("patch_embeddings.") }) else {
      return false
    }
    let reading = CheckpointReading(checkpoint.tensors, for: named.architecture)
    let tensors = named.architecture.network.tensors
    guard Set(reading.sources.keys) == Set(tensors.map(\.name)) else { return false }
    return tensors.allSatisfy { tensor in
      guard case .stored(let name)? = reading.sources[tensor.name] else { return true }
      return tensor.name.hasPrefix("head") || shape(name) == tensor.shape
    }
  }
}

extension Preprocessing {
  /// The keys of the usual preprocessing of a model in timm; `nil` where the weights under its name
  /// have several, or others than those of their family.
  ///
  /// Source: `_cfg` and the default tags in `vision_transformer.py`, `deit.py` and
  /// `swin_transformer.py` of timm 1.0.31.
  static func usualKeys(of name: String) -> [String: JSONValue]? {
    let parts = name.split(separator: "_")
    guard let family = parts.first, let last = parts.last else { return nil }
    let isImageNet = ["deit", "deit3", "swin"].contains(family) || last == "dinov2"
    // DINO's small model with patches of 8 reads images as no other plain one.
    let isPlain =
      family == "vit" && parts.count == 4 && ["224", "384"].contains(last)
      && name != "vit_small_patch8_224"
    guard isImageNet || isPlain else { return nil }
    let (mean, deviation) =
      isImageNet
      ? ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]) : ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5])
    return [
      "mean": .array(mean.map(JSONValue.number)), "std": .array(deviation.map(JSONValue.number)),
      "interpolation": .string("bicubic"),
      "crop_pct": .number(["384", "dinov2"].contains(last) ? 1 : 0.9),
    ]
  }
}
