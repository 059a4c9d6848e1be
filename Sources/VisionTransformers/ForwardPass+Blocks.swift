import LinearAlgebra
import SparseKernels

extension ForwardPass {
  /// Adds the attention of a block to the residual stream.
  mutating func addAttention(block: Int, count: Int, layers: [LayerWeights]) {
    let parameters = weights.blocks[block]
    let shape = weights.shape
    let rows = count * shape.tokens
    arithmetic.normalize(tokens, parameters.norm1, rows: rows, into: &layerInput)
    arithmetic.apply(
      parameters.qkv, layers[4 * block], to: layerInput, rows: rows, into: &wide,
      scratch: &scratch)
    for image in 0..<count {
      for head in 0..<shape.heads {
        arithmetic.attend(
          queriesKeysValues: wide, shape: shape, image: image, head: head, scores: &scores,
          into: &layerInput)
      }
    }
    arithmetic.apply(
      parameters.projection, layers[4 * block + 1], to: layerInput, rows: rows, into: &update,
      scratch: &scratch)
    arithmetic.add(update, count: rows * shape.width, to: &tokens)
  }

  /// Adds the two-layer perceptron of a block to the residual stream.
  mutating func addPerceptron(block: Int, count: Int, layers: [LayerWeights]) {
    let parameters = weights.blocks[block]
    let shape = weights.shape
    let rows = count * shape.tokens
    arithmetic.normalize(tokens, parameters.norm2, rows: rows, into: &layerInput)
    arithmetic.apply(
      parameters.fc1, layers[4 * block + 2], to: layerInput, rows: rows, into: &wide,
      scratch: &scratch)
    arithmetic.applyGELU(to: &wide, count: rows * shape.hiddenWidth)
    arithmetic.apply(
      parameters.fc2, layers[4 * block + 3], to: wide, rows: rows, into: &update,
      scratch: &scratch)
    arithmetic.add(update, count: rows * shape.width, to: &tokens)
  }

  /// Computes the logits from the extra tokens of the last block.
  mutating func applyHeads(count: Int, into logits: inout MutableSpan<Float>) {
    let shape = weights.shape
    let width = shape.width
    let heads = weights.heads.count
    // Only the class token and the distillation token are looked at: (heads × images × width).
    for head in 0..<heads {
      for image in 0..<count {
        let source = (image * shape.tokens + head) * width
        let target = (head * count + image) * width
        for index in 0..<width { update[target + index] = tokens[source + index] }
      }
    }
    arithmetic.normalize(update, weights.norm, rows: heads * count, into: &layerInput)
    for (head, parameters) in weights.heads.enumerated() {
      arithmetic.multiply(
        parameters, weights: parameters.weights, by: layerInput, from: head * count,
        rows: count, into: &wide)
      for index in 0..<count * shape.classes {
        let sum = head == 0 ? wide[index] : logits[index] + wide[index]
        logits[index] = head + 1 == heads ? sum / Float(heads) : sum
      }
    }
  }
}
