import NetworkArchitectures

extension VisionTransformerPass {
  /// Adds the attention and the perceptron of a block to the residual stream.
  ///
  /// Afterwards the residual stream holds only the first `kept` tokens of each image: the ones that
  /// anything after this block looks at. All tokens serve as keys and values.
  mutating func apply(block: Int, count: Int, kept: Int, layers: [LayerWeights]) {
    for role in network.blocks[block].roles {
      computeInput(of: role, block: block, count: count, kept: kept, layers: layers)
    }
    arithmetic.apply(
      layer(.fc2, of: block, layers), to: wide, rows: count * kept, addingTo: &tokens, &workspace)
  }

  /// Computes the inputs of one of a block's prunable layers from those of the one before.
  ///
  /// Those of the first three lie in `layerInput`, those of the last in `wide`.
  mutating func computeInput(
    of role: LayerRole, block: Int, count: Int, kept: Int, layers: [LayerWeights]
  ) {
    let (all, rows) = (count * shape.tokens, count * kept)
    switch role {
    case .qkv:
      arithmetic.normalize(tokens, model.norms[block].attention, rows: all, into: &layerInput)
      showInput(of: role, block: block, layerInput, rows: all)
    case .projection:
      arithmetic.apply(
        layer(.qkv, of: block, layers), to: layerInput, rows: all, hasGELU: false, into: &wide,
        &workspace)
      for image in 0..<count {
        arithmetic.attend(
          queriesKeysValues: wide, shape: attention, image: image, queries: kept,
          into: &layerInput, &workspace)
      }
      keepFirstTokens(kept, count: count)
      showInput(of: role, block: block, layerInput, rows: rows)
    case .fc1:
      arithmetic.apply(
        layer(.projection, of: block, layers), to: layerInput, rows: rows, addingTo: &tokens,
        &workspace)
      arithmetic.normalize(tokens, model.norms[block].perceptron, rows: rows, into: &layerInput)
      showInput(of: role, block: block, layerInput, rows: rows)
    case .fc2:
      arithmetic.apply(
        layer(.fc1, of: block, layers), to: layerInput, rows: rows, hasGELU: true, into: &wide,
        &workspace)
      showInput(of: role, block: block, wide, rows: rows)
    }
  }

  /// Moves the first `kept` tokens of each image together at the start of the residual stream.
  private mutating func keepFirstTokens(_ kept: Int, count: Int) {
    guard kept < shape.tokens else { return }
    let size = kept * shape.width
    for image in 1..<max(count, 1) {
      let source = image * shape.tokens * shape.width
      for index in 0..<size { tokens[image * size + index] = tokens[source + index] }
    }
  }

  /// Computes the logits from the extra tokens, which are all that is left of each image.
  mutating func applyHeads(count: Int, into logits: inout MutableSpan<Float>) {
    let heads = model.heads.count
    // Each head reads the tokens of its kind: (heads × images × width).
    if heads > 1 { sortExtraTokens(count: count, kinds: heads) }
    arithmetic.normalize(tokens, model.norm, rows: heads * count, into: &layerInput)
    for index in logits.indices { logits[index] = 0 }
    for (head, packed) in model.heads.enumerated() {
      arithmetic.applyDense(
        packed, to: layerInput, first: head * count, rows: count, addingTo: &logits, &workspace)
    }
    guard heads > 1 else { return }
    for index in logits.indices { logits[index] /= Float(heads) }
  }

  /// Changes the order of the extra tokens from (images × kinds) to (kinds × images).
  private mutating func sortExtraTokens(count: Int, kinds: Int) {
    let width = shape.width
    let old = Array(tokens[0..<count * kinds * width])
    for image in 0..<count {
      for kind in 0..<kinds {
        let source = (image * kinds + kind) * width
        let target = (kind * count + image) * width
        for index in 0..<width { tokens[target + index] = old[source + index] }
      }
    }
  }
}
