import ModelFiles
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

  /// Returns every tensor in timm's names and in fp32, zeros in place.
  package func denseTensors() -> [NewTensor] {
    otherTensors()
      + layers.map {
        NewTensor(
          name: "\($0.layer.name).weight", shape: [$0.layer.outputs, $0.layer.inputs],
          values: $0.values.whole)
      }
  }

  /// Returns which weights of each layer are not zero, as U8 under the name of the weights.
  package func maskTensors() -> [NewTensor] {
    layers.map {
      NewTensor(
        name: "\($0.layer.name).weight", elementType: .uint8,
        shape: [$0.layer.outputs, $0.layer.inputs], bytes: $0.values.whole.map { $0 == 0 ? 0 : 1 })
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

extension SafetensorsFile {
  /// Returns the weights of a layer that a file holds compressed, zeros in place.
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
