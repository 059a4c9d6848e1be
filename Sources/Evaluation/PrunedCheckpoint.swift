import ModelFiles
import NetworkArchitectures
import Pruning
import SparseKernels
import SparsityCore
import VisionTransformers

/// The tensors of a model whose layers are pruned as a genome says, for files.
package struct PrunedCheckpoint {
  /// The weights of one prunable layer.
  private enum Values {
    /// Row-major, zeros in place.
    case whole([Float])
    /// In an N:M pattern.
    case pruned(CompressedWeights)

    /// The row-major weights, zeros in place.
    var whole: [Float] {
      switch self {
      case .whole(let values): values
      case .pruned(let weights): weights.decompressed()
      }
    }
  }

  private let model: LoadedModel
  private let layers: [(layer: PrunableLayer, values: Values)]

  /// Takes each layer's weights from a bank.
  ///
  /// - Precondition: the bank is of the model, and its space contains the genome.
  package init(model: LoadedModel, bank: WeightBank, genome: Genome) {
    precondition(bank.layers.map(\.layer) == model.weights.network.prunableLayers)
    self.model = model
    let levels = bank.levelChoice.levels(of: genome)
    self.layers = zip(bank.layers, levels).enumerated().map { index, entry in
      let (banked, level) = entry
      let values =
        banked.levels[level].map { Values.pruned($0) }
        ?? .whole(model.weights.prunableLayer(at: index).weights)
      return (banked.layer, values)
    }
  }

  /// Takes each layer's weights as they are given, row-major, in network order.
  ///
  /// - Precondition: there are those of every prunable layer.
  package init(model: LoadedModel, weights: [[Float]]) {
    let layers = model.weights.network.prunableLayers
    precondition(weights.count == layers.count)
    precondition(zip(layers, weights).allSatisfy { $0.outputs * $0.inputs == $1.count })
    self.model = model
    self.layers = zip(layers, weights).map { ($0, .whole($1)) }
  }

  /// Returns every tensor, zeros in place, in the names of the checkpoint that was read: timm's, or
  /// those of transformers, which keeps queries, keys and values apart.
  ///
  /// - Parameter elementType: The type of all tensors; without it, each has that of the checkpoint.
  /// - Throws: ``EvaluationError/unwritable(tensor:precision:)``.
  package func denseTensors(
    as elementType: ElementType? = nil
  ) throws(EvaluationError) -> [NewTensor] {
    let weights = model.weights
    let values = Dictionary(
      uniqueKeysWithValues: layers.map { ("\($0.layer.name).weight", $0.values) })
    var tensors: [NewTensor] = []
    for tensor in weights.network.tensors {
      let all = values[tensor.name]?.whole ?? weights.values(named: tensor.name)
      let type = elementType ?? model.elementTypes[tensor.name] ?? .float32
      for part in parts(of: tensor.name, shape: tensor.shape) {
        guard
          let new = NewTensor(
            name: part.name, elementType: type, shape: part.shape, rounding: all[part.range])
        else { throw .unwritable(tensor: part.name, precision: type.rawValue) }
        tensors.append(new)
      }
    }
    return tensors
  }

  /// Returns the names under which a tensor is written, each with its rows.
  private func parts(
    of name: String, shape: [Int]
  ) -> [(name: String, shape: [Int], range: Range<Int>)] {
    let names = model.sources[name]?.writtenNames(for: name) ?? [name]
    let count = shape.reduce(1, *) / names.count
    return names.enumerated().map { index, part in
      var part = (name: part, shape: shape, range: index * count..<(index + 1) * count)
      part.shape[0] /= names.count
      return part
    }
  }

  /// Whether weights that were changed lose digits when each tensor has the type of the checkpoint.
  package var isRounded: Bool {
    layers.contains { layer, _ in
      [.float16, .bfloat16].contains(model.elementTypes["\(layer.name).weight"] ?? .float32)
    }
  }

  /// Returns which weights of each layer are not zero, as U8 under the name of the weights.
  package func maskTensors() -> [NewTensor] {
    layers.flatMap { layer, values in
      let kept = values.whole
      return parts(of: "\(layer.name).weight", shape: [layer.outputs, layer.inputs]).map { part in
        NewTensor(
          name: part.name, elementType: .uint8, shape: part.shape,
          bytes: kept[part.range].map { $0 == 0 ? 0 : 1 })
      }
    }
  }

  /// Returns every tensor with pruned layers compressed, and the metadata that describe them.
  package func compressedTensors() -> (tensors: [NewTensor], patterns: [String: String]) {
    var tensors = otherTensors()
    var patterns: [String: String] = [:]
    for (layer, values) in layers {
      let name = "\(layer.name).weight"
      guard case .pruned(let weights) = values else {
        tensors.append(
          NewTensor(name: name, shape: [layer.outputs, layer.inputs], values: values.whole))
        continue
      }
      let (pattern, indexed) = (weights.pattern, IndexedWeights(weights))
      patterns["\(name).pattern"] = "\(pattern)"
      patterns["\(name).inputs"] = "\(layer.inputs)"
      tensors.append(
        NewTensor(
          name: "\(name).values",
          shape: [layer.outputs, pattern.keptCount(ofInputs: layer.inputs)],
          values: indexed.values))
      tensors.append(
        NewTensor(
          name: "\(name).indices", elementType: .uint8,
          shape: [
            layer.outputs, IndexedWeights.indexBytes(of: pattern, inputs: layer.inputs),
          ], bytes: indexed.indices))
    }
    return (tensors, patterns)
  }

  /// Returns the tensors of all but the prunable layers' weights.
  private func otherTensors() -> [NewTensor] {
    let weights = model.weights
    let pruned = Set(layers.map { "\($0.layer.name).weight" })
    return weights.network.tensors.filter { !pruned.contains($0.name) }.map {
      NewTensor(name: $0.name, shape: $0.shape, values: weights.values(named: $0.name))
    }
  }
}

extension Checkpoint {
  /// Returns the weights of a layer that a checkpoint holds compressed, zeros in place.
  ///
  /// - Parameter name: The name of the weights, as in `blocks.0.attn.qkv.weight`.
  /// - Throws: ``EvaluationError/compressedWeights(path:name:)`` if its parts do not agree.
  func expanded(_ name: String) throws(EvaluationError) -> Tensor {
    let values: [Float]
    let indices: (shape: [Int], values: [UInt8])
    do {
      values = try floats("\(name).values").values
      indices = try bytes("\(name).indices")
    } catch {
      throw .file(error)
    }
    guard
      let text = metadata["\(name).pattern"], let pattern = NMPattern(text),
      let outputs = indices.shape.first, outputs > 0,
      let inputs = metadata["\(name).inputs"].flatMap({ Int($0) }),
      let indexed = IndexedWeights(
        outputs: outputs, inputs: inputs, pattern: pattern, values: values,
        indices: indices.values)
    else { throw .compressedWeights(path: path, name: name) }
    return Tensor(shape: [outputs, inputs], values: indexed.decompressed())
  }
}
