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
    let shape = weights.shape
    precondition((1...batchMax).contains(count))
    precondition((0..<shape.depth).contains(block))
    precondition(layers.count == 4 * shape.depth)
    precondition(stream.count == count * shape.tokens * shape.width)
    for index in stream.indices { tokens[index] = stream[index] }
    addAttention(block: block, count: count, kept: shape.tokens, layers: layers)
    addPerceptron(block: block, rows: count * shape.tokens, layers: layers)
    for index in stream.indices { stream[index] = tokens[index] }
  }

  /// Shows the inputs of a prunable layer to their observer.
  func showInput(of layer: Int, _ inputs: Activations, rows: Int) {
    guard let observeInput else { return }
    precondition(model.precision == .f32)
    let width = weights.prunableLayer(at: layer).inputs
    observeInput(layer, inputs.f32.span.extracting(0..<rows * width))
  }
}
