import ContentHashing
import Pruning
import SparsityCore
import VisionTransformers

/// A model with seeded random weights: as fast as a trained one.
struct RandomModel {
  /// The parameters.
  let weights: VisionTransformerWeights
  /// How pixels become the model's input.
  let normalization: PixelNormalization

  /// Draws the weights of a shape. Norms scale by one, so that activations stay of ordinary size.
  init(shape: TransformerShape, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var tensors: [String: Tensor] = [:]
    for (name, size) in VisionTransformerWeights.tensorShapes(of: shape) {
      let count = size.reduce(1, *)
      let isScale = name.contains("norm") && name.hasSuffix(".weight")
      let values =
        isScale
        ? [Float](repeating: 1, count: count)
        : generator.floats(count: count, magnitudeMax: 0.05)
      tensors[name] = Tensor(shape: size, values: values)
    }
    do throws(ModelError) {
      weights = try VisionTransformerWeights(shape: shape, tensors: tensors)
      normalization = try PixelNormalization(
        mean: Array(repeating: 0.5, count: shape.channels),
        standardDeviation: Array(repeating: 0.25, count: shape.channels))
    } catch {
      preconditionFailure("random weights do not fit their own shape: \(error)")
    }
  }

  /// Returns every layer's weights in each of some patterns, pruned by magnitude, as they run
  /// fastest.
  func layers(
    in patterns: [NMPattern], of packed: PackedVisionTransformer
  ) -> [[LayerWeights]] {
    let space = SearchSpace(layers: weights.shape.prunableLayers, patterns: patterns)
    let bank: WeightBank
    do throws(PruningError) {
      bank = try WeightBank(
        space: space, modelHash: ContentHasher().finalized()
      ) { layer in
        guard let parameters = weights.prunableLayer(named: layer.name) else {
          preconditionFailure("\(layer.name) is a layer of the shape")
        }
        return parameters.weights
      }
    } catch {
      preconditionFailure("random weights cannot be pruned: \(error)")
    }
    return patterns.map { pattern in
      guard let level = space.patterns.firstIndex(of: pattern) else {
        preconditionFailure("the space holds every pattern")
      }
      return space.layers.indices.map { layer in
        packed.layerWeights(bank.weights(layer: layer, level: level), at: layer)
      }
    }
  }
}
