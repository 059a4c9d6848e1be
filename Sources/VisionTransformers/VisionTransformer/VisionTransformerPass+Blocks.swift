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
        layer(.qkv, of: block, layers), to: layerInput, rows: all, activation: nil,
        into: &wide, &workspace)
      normalizeQueriesAndKeys(block: block, rows: all)
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
        layer(.fc1, of: block, layers), to: layerInput, rows: rows,
        activation: shape.features.activation, into: &wide, &workspace)
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

  /// Normalises the queries and the keys of each head, in `wide`, if the model does.
  private mutating func normalizeQueriesAndKeys(block: Int, rows: Int) {
    guard let norms = model.queryKeyNorms?[block] else { return }
    arithmetic.normalizeHeads(
      &wide, queries: norms.queries, keys: norms.keys, rows: rows, heads: shape.heads)
  }
}
