import SparsityCore

extension ForwardPass {
  /// Computes the tokens that enter the first block: (images × tokens × width).
  ///
  /// - Precondition: `pixels` are those of `count` images, 1 to ``batchMax``.
  public mutating func embed(
    pixels: Span<UInt8>, count: Int, into result: inout MutableSpan<Float>
  ) {
    let shape = weights.shape
    precondition((1...batchMax).contains(count))
    precondition(pixels.count == count * shape.imageSize * shape.imageSize * shape.channels)
    precondition(result.count == count * shape.tokens * shape.width)
    gatherPatches(pixels: pixels, count: count)
    embed(count: count)
    for index in result.indices { result[index] = tokens[index] }
  }

  /// Replaces the tokens that enter a block by those that leave it, all of them.
  ///
  /// Unlike ``logits(pixels:count:layers:into:)``, the last block keeps every token, too.
  ///
  /// - Parameters:
  ///   - block: The block's place.
  ///   - layers: The weights of each prunable layer of the network, in network order.
  ///   - stream: (images × tokens × width).
  public mutating func apply(
    block: Int, layers: [LayerWeights], count: Int, to stream: inout MutableSpan<Float>
  ) {
    take(stream.span, block: block, layers: layers, count: count)
    apply(block: block, count: count, kept: weights.shape.tokens, layers: layers)
    for index in stream.indices { stream[index] = tokens[index] }
  }

  /// Shows ``observeInput`` the inputs of a block's first layers; nothing behind is computed.
  ///
  /// - Parameters:
  ///   - block: The block's place.
  ///   - stage: The place in the block, 0 to 3, of the last layer whose inputs are shown.
  ///   - layers: The weights of each prunable layer of the network, in network order.
  ///   - stream: The tokens that enter the block: (images × tokens × width).
  public mutating func showInputs(
    block: Int, through stage: Int, layers: [LayerWeights], count: Int, of stream: Span<Float>
  ) {
    precondition((0..<4).contains(stage))
    take(stream, block: block, layers: layers, count: count)
    for stage in 0...stage {
      computeInput(
        of: stage, block: block, count: count, kept: weights.shape.tokens, layers: layers)
    }
  }

  /// Makes tokens those that enter a block.
  private mutating func take(
    _ stream: Span<Float>, block: Int, layers: [LayerWeights], count: Int
  ) {
    let shape = weights.shape
    precondition((1...batchMax).contains(count))
    precondition((0..<shape.depth).contains(block))
    precondition(layers.count == 4 * shape.depth)
    precondition(stream.count == count * shape.tokens * shape.width)
    for index in stream.indices { tokens[index] = stream[index] }
  }

  /// Shows the inputs of a prunable layer to their observer.
  func showInput(of layer: Int, _ inputs: Activations, rows: Int) {
    guard let observeInput else { return }
    precondition(model.precision == .f32)
    let width = weights.prunableLayer(at: layer).inputs
    observeInput(layer, inputs.f32.span.extracting(0..<rows * width))
  }
}
