import Foundation
import SparsityCore

/// A genome on disk: the pattern of each layer by name.
public struct GenomeFile: Hashable, Sendable {
  /// The architecture or run that the genome was found for; may be empty.
  public var model: String
  /// The pattern of each layer.
  public var layers: [String: NMPattern]

  /// Creates the file of a genome.
  public init(model: String, layers: [String: NMPattern]) {
    self.model = model
    self.layers = layers
  }

  /// Creates the file of a genome of a search space.
  public init(model: String, genome: Genome, in space: SearchSpace) {
    let patterns = space.patterns(of: genome)
    self.model = model
    self.layers = Dictionary(
      uniqueKeysWithValues: zip(space.layers, patterns).map { ($0.name, $1) })
  }

  /// Reads a genome in JSON; `file` names it in errors.
  ///
  /// - Throws: ``RunFileError`` for JSON of another form or a layer whose pattern is unknown.
  public init(json: Data, file: String) throws(RunFileError) {
    let object: Any
    do {
      object = try JSONSerialization.jsonObject(with: json)
    } catch {
      throw RunFileError(file: file, message: "not valid JSON: \(error.localizedDescription)")
    }
    guard let root = object as? [String: Any], let layers = root["layers"] as? [String: Any] else {
      throw RunFileError(
        file: file, message: #"a genome is {"model": "…", "layers": {"layer name": "2:4", …}}"#)
    }
    self.model = root["model"] as? String ?? ""
    self.layers = [:]
    for (name, value) in layers.sorted(by: { $0.key < $1.key }) {
      guard let text = value as? String, let pattern = NMPattern(text) else {
        throw RunFileError(
          file: file, message: "layer \(name) has the pattern \(value); write N:M, as in \"2:4\"")
      }
      self.layers[name] = pattern
    }
  }

  /// The genome in JSON, layers in the order of their names.
  public func json() throws -> Data {
    let object: [String: Any] = ["model": model, "layers": layers.mapValues(\.description)]
    return try JSONSerialization.data(
      withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
  }

  /// Returns the pattern of each of `prunable`'s layers, in their order.
  ///
  /// - Throws: ``RunFileError`` if a layer is missing here or unknown there.
  public func assignment(
    for prunable: [PrunableLayer], file: String
  ) throws(RunFileError) -> [NMPattern] {
    let known = Set(prunable.map(\.name))
    if let stranger = layers.keys.filter({ !known.contains($0) }).min() {
      throw RunFileError(
        file: file,
        message: "the model has no prunable layer \"\(stranger)\"; is it of another model?")
    }
    var patterns: [NMPattern] = []
    for layer in prunable {
      guard let pattern = layers[layer.name] else {
        throw RunFileError(file: file, message: "layer \"\(layer.name)\" has no pattern")
      }
      patterns.append(pattern)
    }
    return patterns
  }
}

extension GenomeFile {
  /// Reads the ELSA paper's digit strings: four digits a block, N of 4 for proj, qkv, fc1, fc2.
  ///
  /// Blocks may be separated by commas or spaces, as in `1121,2221`. The order within a block is
  /// that of the published configurations (arXiv 2409.09708), not network order.
  ///
  /// - Throws: ``RunFileError`` for digits other than 1…4 or a wrong number of blocks.
  public static func elsaAssignment(
    _ text: String, for prunable: [PrunableLayer]
  ) throws(RunFileError) -> [NMPattern] {
    let place = "--genome elsa:\(text)"
    let blocks = text.split { $0 == "," || $0 == " " }
    guard blocks.count * 4 == prunable.count else {
      throw RunFileError(
        file: place, message: "\(blocks.count) blocks given; the model has \(prunable.count / 4)")
    }
    var patterns: [NMPattern] = []
    for (index, block) in blocks.enumerated() {
      let levels = block.compactMap { digit in
        digit.wholeNumberValue.flatMap { NMPattern(kept: $0, groupSize: 4) }
      }
      guard block.count == 4, levels.count == 4 else {
        throw RunFileError(
          file: place,
          message: "block \(index) is \"\(block)\"; write four digits 1…4 for proj, qkv, fc1, fc2")
      }
      patterns += [levels[1], levels[0], levels[2], levels[3]]
    }
    return patterns
  }
}
