import Foundation
import ModelFiles
import NetworkArchitectures
import SparsityCore

/// A genome on disk: what each decision chooses, by name.
package struct GenomeFile: Hashable, Sendable {
  /// The architecture or run that the genome was found for; may be empty.
  package var model: String
  /// What each decision chooses.
  package var decisions: [String: Choice]

  package init(model: String, decisions: [String: Choice]) {
    self.model = model
    self.decisions = decisions
  }

  package init(model: String, genome: Genome, in space: SearchSpace) {
    self.model = model
    self.decisions = Dictionary(
      uniqueKeysWithValues: zip(space.decisions, space.choices(of: genome)).map { ($0.name, $1) })
  }

  /// The largest file that is read as a genome or a front.
  package static let sizeMax = 64 << 20

  /// Reads a genome in JSON, or that of a point of a front (`front.json`); errors name `file`.
  ///
  /// - Parameter point: The place on the front, from 1; without it, a front must have one point.
  /// - Throws: ``RunFileError`` for JSON of another form or a choice that is none of any kind.
  package init(json: Data, file: String, point: Int? = nil) throws(RunFileError) {
    let root: JSONValue
    do {
      root = try JSONParser.parse(Array(json))
    } catch {
      throw RunFileError(file: file, message: "not valid JSON: \(error)")
    }
    let genome = try Self.genome(in: root, file: file, point: point)
    // Files of before decisions had names of their own say "layers".
    guard case .object(let members) = genome,
      case .object(let decisions)? = members["decisions"] ?? members["layers"]
    else {
      throw RunFileError(
        file: file,
        message: #"a genome is {"model": "…", "decisions": {"layer name": "2:4", …}}"#)
    }
    switch members["model"] {
    case nil: self.model = ""
    case .string(let model)?: self.model = model
    case let other?:
      throw RunFileError(file: file, message: "model is \(other.excerpt); write a name in quotes")
    }
    self.decisions = [:]
    for (name, value) in decisions.sorted(by: { $0.key < $1.key }) {
      guard case .string(let text) = value,
        let choice = Self.kinds.lazy.compactMap({ Choice(text, kind: $0) }).first
      else {
        throw RunFileError(
          file: file,
          message: "\(excerpt(name)) chooses \(value.excerpt); write the pattern N:M, as in \"2:4\""
        )
      }
      self.decisions[name] = choice
    }
  }

  /// The kinds of decisions about networks; only an evaluator knows what other names mean.
  private static let kinds = DecisionKind.allCases.filter { $0 != .categorical }

  /// Returns the genome of a point, or the whole value if it is no front.
  private static func genome(
    in root: JSONValue, file: String, point: Int?
  ) throws(RunFileError) -> JSONValue {
    guard case .object(let members) = root, case .array(let points)? = members["points"] else {
      if let point {
        throw RunFileError(
          file: file, message: "is no front, so it has no point \(point); leave --point out")
      }
      if case .object(let members) = root, let genome = members["genome"] { return genome }
      return root
    }
    guard let place = point ?? (points.count == 1 ? 1 : nil), points.indices.contains(place - 1)
    else {
      let diagnostic = point.map { "has no point \($0)" } ?? "is a front"
      throw RunFileError(
        file: file,
        message: "\(diagnostic); choose one of its \(counted(points.count, "point")) with "
          + "--point")
    }
    guard case .object(let members) = points[place - 1], let genome = members["genome"] else {
      throw RunFileError(file: file, message: "point \(place) has no genome")
    }
    return genome
  }

  /// The genome in JSON, decisions in the order of their names.
  package func json() throws -> Data {
    let object: [String: Any] = ["model": model, "decisions": decisions.mapValues(\.description)]
    return try JSONSerialization.data(
      withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
  }

  /// Returns the pattern of each of `prunable`'s layers, in their order.
  ///
  /// - Throws: ``RunFileError`` if a layer is missing here or unknown there.
  package func assignment(
    for prunable: [PrunableLayer], file: String
  ) throws(RunFileError) -> [NMPattern] {
    let known = Set(prunable.map(\.name))
    if let stranger = decisions.keys.filter({ !known.contains($0) }).min() {
      throw RunFileError(
        file: file,
        message: "the model has no prunable layer \"\(excerpt(stranger))\"; "
          + "is it of another model?")
    }
    var patterns: [NMPattern] = []
    for layer in prunable {
      guard let pattern = decisions[layer.name]?.pattern else {
        throw RunFileError(file: file, message: "layer \"\(layer.name)\" has no pattern")
      }
      patterns.append(pattern)
    }
    return patterns
  }
}

extension GenomeFile {
  /// Refuses a genome that names another model than `architecture`; a tag after a dot, and names of
  /// checkpoints, do not count.
  package func check(isOf architecture: String, file: String) throws(RunFileError) {
    guard !model.isEmpty, !architecture.isEmpty, !model.hasSuffix(".safetensors") else { return }
    guard model.prefix(while: { $0 != "." }) == architecture.prefix(while: { $0 != "." }) else {
      throw RunFileError(
        file: file,
        message: "is a genome of \(excerpt(model)), but the model is \(architecture); give the "
          + "genome's own model, or change \"model\" in the file if you know that it fits")
    }
  }

  /// Reads the ELSA paper's digit strings: four digits a block, N of 4 for proj, qkv, fc1, fc2.
  ///
  /// Blocks may be separated by commas or spaces, as in `1121,2221`. The order within a block is
  /// that of the published configurations (arXiv 2409.09708), not network order.
  ///
  /// - Throws: ``RunFileError`` for digits other than 1…4 or a wrong number of blocks.
  package static func elsaAssignment(
    _ text: String, for network: Network
  ) throws(RunFileError) -> [NMPattern] {
    let place = "--genome elsa:\(text)"
    let blocks = text.split { $0 == "," || $0 == " " }
    guard blocks.count == network.blocks.count else {
      throw RunFileError(
        file: place,
        message: "\(counted(blocks.count, "block")) given; the model has "
          + "\(network.blocks.count)")
    }
    var patterns = network.prunableLayers.map { _ in NMPattern.dense }
    for (index, (digits, block)) in zip(blocks, network.blocks).enumerated() {
      let levels = digits.compactMap { digit in
        digit.isASCII ? digit.wholeNumberValue.flatMap { NMPattern(kept: $0, groupSize: 4) } : nil
      }
      guard digits.count == elsaOrder.count, levels.count == elsaOrder.count else {
        throw RunFileError(
          file: place,
          message: "block \(index) is \"\(digits)\"; write four digits 1…4 for proj, qkv, fc1, fc2")
      }
      for (role, level) in zip(elsaOrder, levels) { patterns[block.layer(role)] = level }
    }
    return patterns
  }

  /// The order of the published configurations within a block.
  private static let elsaOrder: [LayerRole] = [.projection, .qkv, .fc1, .fc2]
}
