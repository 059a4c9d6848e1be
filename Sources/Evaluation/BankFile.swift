import ContentHashing
import ModelFiles
import Pruning
import SparseKernels
import SparsityCore

/// Some or all layers of a calibrated weight bank in one safetensors file.
///
/// For each layer and each pattern but the dense one, `LAYER/PATTERN/values` (F32) and
/// `LAYER/PATTERN/indices` (U8) are those of ``Pruning/IndexedWeights``. The metadata name the
/// criterion, by `patterns/LAYER` the patterns of each layer, and by `error/LAYER/PATTERN` the
/// share of the layer's output energy that is lost.
package enum BankFile {
  /// The name of the file in a run directory, beside the run's copy of the configuration.
  package static let usualName = "bank.safetensors"
  private static let format = "elsa-weight-bank-3"

  /// Writes layers; the file appears when it is complete.
  ///
  /// - Parameter arithmetic: In which arithmetic they were calibrated, if that is known.
  package static func write(
    _ layers: [BankedLayer], criterion: PruningCriterion, arithmetic: String? = nil,
    to path: String
  ) throws(EvaluationError) {
    var tensors: [NewTensor] = []
    var metadata = ["format": format, "criterion": criterion.rawValue]
    metadata["arithmetic"] = arithmetic
    for banked in layers {
      metadata["patterns/\(banked.layer.name)"] = text(banked.patterns)
      for (level, pattern) in banked.patterns.enumerated() {
        let name = "\(banked.layer.name)/\(pattern)"
        if let error = banked.outputErrors?[level] { metadata["error/\(name)"] = "\(error)" }
        guard let weights = banked.levels[level] else { continue }
        let indexed = IndexedWeights(weights)
        let (outputs, inputs) = (weights.outputs, weights.inputs)
        let kept = pattern.keptCount(ofInputs: inputs)
        tensors.append(
          NewTensor(name: "\(name)/values", shape: [outputs, kept], values: indexed.values))
        tensors.append(
          NewTensor(
            name: "\(name)/indices", elementType: .uint8,
            shape: [outputs, IndexedWeights.indexBytes(of: pattern, inputs: inputs)],
            bytes: indexed.indices))
      }
    }
    do {
      try writeSafetensors(tensors, metadata: metadata, to: path)
    } catch {
      throw .file(error)
    }
  }

  /// Reads some layers, each with its patterns; the file is mapped while it is read.
  ///
  /// - Throws: ``EvaluationError/bank(path:fault:)`` if the file holds another bank or damaged one.
  package static func read(
    _ wanted: [PrunableLayer], patterns: [[NMPattern]], criterion: PruningCriterion,
    from path: String
  ) throws(EvaluationError) -> [BankedLayer] {
    let file: SafetensorsFile
    do {
      file = try SafetensorsFile(path: path)
    } catch {
      throw .file(error)
    }
    var expected = [("format", format), ("criterion", criterion.rawValue)]
    expected += zip(wanted, patterns).map { ("patterns/\($0.name)", text($1)) }
    for (key, value) in expected where file.metadata[key] != value {
      let found = file.metadata[key] ?? "missing"
      throw .bank(path: path, fault: "its \(key) is \(found), not \(value)")
    }
    var layers: [BankedLayer] = []
    for (layer, patterns) in zip(wanted, patterns) {
      var levels: [CompressedWeights?] = []
      var errors: [Double] = []
      for pattern in patterns {
        let name = "\(layer.name)/\(pattern)"
        if let error = file.metadata["error/\(name)"].flatMap({ Double($0) }) {
          errors.append(error)
        }
        levels.append(
          pattern.isDense ? nil : try weights(name, of: layer, pattern: pattern, in: file))
      }
      layers.append(
        BankedLayer(
          layer: layer, patterns: patterns, levels: levels,
          outputErrors: errors.count == patterns.count ? errors : nil))
    }
    return layers
  }

  /// Reads what a file says of itself: how it was pruned, and to which patterns each of some layers
  /// was.
  ///
  /// - Throws: ``EvaluationError/bank(path:fault:)`` if the file holds no bank of this version, or
  ///   not all of the layers.
  package static func contents(
    of path: String, layers: [PrunableLayer]
  ) throws(EvaluationError) -> (criterion: PruningCriterion, space: SearchSpace) {
    let file: SafetensorsFile
    do {
      file = try SafetensorsFile(path: path)
    } catch {
      throw .file(error)
    }
    guard
      file.metadata["format"] == format,
      let criterion = file.metadata["criterion"].flatMap(PruningCriterion.init(rawValue:)),
      criterion.needsCalibration
    else { throw .bank(path: path, fault: "it is no calibrated bank of this version") }
    let decisions = try layers.map { (layer) throws(EvaluationError) in
      let words = file.metadata["patterns/\(layer.name)"]?.split(separator: " ") ?? []
      let choices = words.compactMap { Choice($0, kind: .pattern) }
      guard !words.isEmpty, words.count == Set(choices).count else {
        throw EvaluationError.bank(path: path, fault: "it holds no patterns of \(layer.name)")
      }
      return Decision(name: layer.name, choices: choices)
    }
    return (criterion, SearchSpace(decisions: decisions))
  }

  private static func text(_ patterns: [NMPattern]) -> String {
    patterns.map(\.description).joined(separator: " ")
  }

  /// Reads in which arithmetic a bank was calibrated; `nil` if the file does not say.
  package static func arithmetic(of path: String) throws(EvaluationError) -> String? {
    do {
      return try SafetensorsFile(path: path).metadata["arithmetic"]
    } catch {
      throw .file(error)
    }
  }

  /// Reads one layer in one pattern.
  private static func weights(
    _ name: String, of layer: PrunableLayer, pattern: NMPattern, in file: SafetensorsFile
  ) throws(EvaluationError) -> CompressedWeights {
    let values: [Float]
    let indices: [UInt8]
    do {
      values = try file.floats("\(name)/values").values
      indices = try file.bytes("\(name)/indices").values
    } catch {
      throw .file(error)
    }
    guard
      let indexed = IndexedWeights(
        outputs: layer.outputs, inputs: layer.inputs, pattern: pattern, values: values,
        indices: indices)
    else { throw .bank(path: file.path, fault: "\(name) is damaged") }
    return indexed.compressed
  }
}

extension LoadedModel {
  /// Reads a whole bank from the file that ``BankFile/write(_:criterion:arithmetic:to:)`` wrote.
  package func storedBank(
    space: SearchSpace, criterion: PruningCriterion, path: String
  ) throws(EvaluationError) -> WeightBank {
    let layers = try BankFile.read(
      weights.network.prunableLayers, patterns: space.patterns(of: weights.network.prunableLayers),
      criterion: criterion, from: path)
    return WeightBank(space: space, calibrated: layers, criterion: criterion)
  }

  /// Returns the bank of a run, derived from the model or read from a file.
  ///
  /// The caller compares the bank's content hash with the source's.
  package func runBank(
    from source: BankSource, space: SearchSpace, criterion: PruningCriterion, path: String,
    threads: Int
  ) throws(EvaluationError) -> WeightBank {
    switch source {
    case .derived: try weightBank(space: space, threads: threads)
    case .stored: try storedBank(space: space, criterion: criterion, path: path)
    case .none: preconditionFailure("a run with a model has weights")
    }
  }
}
