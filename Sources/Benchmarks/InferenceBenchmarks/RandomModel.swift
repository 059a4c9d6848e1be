import ContentHashing
import NetworkArchitectures
import Pruning
import SparsityCore
import VisionTransformers

/// A model with seeded random weights: as fast as a trained one.
struct RandomModel {
  /// The parameters.
  let weights: NetworkWeights
  /// How pixels become the model's input.
  let normalization: PixelNormalization

  /// Draws the weights of an architecture.
  ///
  /// Norms scale by one, so that activations stay of ordinary size.
  init(architecture: any NetworkArchitecture, seed: UInt64) {
    let network = architecture.network
    var generator = SeededGenerator(seed: seed)
    var tensors: [String: Tensor] = [:]
    for tensor in network.tensors {
      let isScale = tensor.name.contains("norm") && tensor.name.hasSuffix(".weight")
      let values =
        isScale
        ? [Float](repeating: 1, count: tensor.count)
        : generator.floats(count: tensor.count, magnitudeMax: 0.05)
      tensors[tensor.name] = Tensor(shape: tensor.shape, values: values)
    }
    do throws(ModelError) {
      weights = try NetworkWeights(architecture: architecture, tensors: tensors)
      normalization = try PixelNormalization(
        mean: Array(repeating: 0.5, count: network.input.channels),
        standardDeviation: Array(repeating: 0.25, count: network.input.channels))
    } catch {
      preconditionFailure("random weights do not fit their own shape: \(error)")
    }
  }

  /// Returns every layer's weights in each of some patterns, pruned by magnitude, as they run
  /// fastest.
  func layers(
    in patterns: [NMPattern], of packed: any PackedNetwork
  ) -> [[LayerWeights]] {
    let space = SearchSpace(layers: weights.network.prunableLayers, patterns: patterns)
    let bank: WeightBank
    do throws(PruningError) {
      bank = try WeightBank(
        space: space, model: weights.network.prunableLayers,
        modelHash: ContentHasher().finalized()
      ) { layer in
        weights.linear(named: layer.name).weights
      }
    } catch {
      preconditionFailure("random weights cannot be pruned: \(error)")
    }
    return patterns.map { pattern in
      guard let level = bank.layers[0].patterns.firstIndex(of: pattern) else {
        preconditionFailure("the space holds every pattern")
      }
      return bank.layers.enumerated().map { index, banked in
        packed.layerWeights(banked.levels[level], at: index)
      }
    }
  }
}
