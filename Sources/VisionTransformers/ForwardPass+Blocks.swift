import LinearAlgebra
import SparseKernels

extension ForwardPass {
  /// Adds the attention of a block to the residual stream.
  ///
  /// Afterwards the residual stream holds only the first `kept` tokens of each image: the ones that
  /// anything after this block looks at. All tokens serve as keys and values.
  mutating func addAttention(block: Int, count: Int, kept: Int, layers: [LayerWeights]) {
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
          queriesKeysValues: wide, shape: shape, image: image, head: head, queries: kept,
          scores: &scores, into: &layerInput)
      }
    }
    arithmetic.apply(
      parameters.projection, layers[4 * block + 1], to: layerInput, rows: count * kept,
      into: &update, scratch: &scratch)
    keepFirstTokens(kept, count: count)
    arithmetic.add(update, count: count * kept * shape.width, to: &tokens)
  }

  /// Moves the first `kept` tokens of each image together at the start of the residual stream.
  private mutating func keepFirstTokens(_ kept: Int, count: Int) {
    let shape = weights.shape
    guard kept < shape.tokens else { return }
    let size = kept * shape.width
    for image in 1..<max(count, 1) {
      let source = image * shape.tokens * shape.width
      for index in 0..<size { tokens[image * size + index] = tokens[source + index] }
    }
  }

  /// Adds the two-layer perceptron of a block to the first `rows` of the residual stream.
  mutating func addPerceptron(block: Int, rows: Int, layers: [LayerWeights]) {
    let parameters = weights.blocks[block]
    arithmetic.normalize(tokens, parameters.norm2, rows: rows, into: &layerInput)
    arithmetic.apply(
      parameters.fc1, layers[4 * block + 2], to: layerInput, rows: rows, into: &wide,
      scratch: &scratch)
    arithmetic.applyGELU(to: &wide, count: rows * weights.shape.hiddenWidth)
    arithmetic.apply(
      parameters.fc2, layers[4 * block + 3], to: wide, rows: rows, into: &update,
      scratch: &scratch)
    arithmetic.add(update, count: rows * weights.shape.width, to: &tokens)
  }

  /// Computes the logits from the extra tokens, which are all that is left of each image.
  mutating func applyHeads(count: Int, into logits: inout MutableSpan<Float>) {
    let shape = weights.shape
    let width = shape.width
    let heads = weights.heads.count
    // Each head reads the tokens of its kind: (heads × images × width).
    for head in 0..<heads {
      for image in 0..<count {
        let source = (image * heads + head) * width
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
