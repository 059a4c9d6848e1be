import NetworkArchitectures
import SparsityCore

extension VisionTransformerPass {
  @_specialize(where Number == Float)
  @_specialize(where Number == BF16)
  mutating func embed(
    pixels: Span<UInt8>, count: Int, into result: inout MutableSpan<Float>
  ) {
    precondition((1...batchMax).contains(count))
    precondition(pixels.count == count * network.input.valueCount)
    precondition(result.count == count * shape.tokens * shape.width)
    gatherPatches(pixels: pixels, count: count)
    embed(count: count)
    for index in result.indices { result[index] = tokens[index] }
  }

  @_specialize(where Number == Float)
  @_specialize(where Number == BF16)
  mutating func advance(
    block: Int, layers: [LayerWeights], count: Int, of stream: Span<Float>,
    into result: inout MutableSpan<Float>
  ) {
    precondition(result.count == stream.count)
    take(stream, block: block, layers: layers, count: count)
    // Unlike for logits, the last block keeps every token, too.
    apply(block: block, count: count, kept: shape.tokens, layers: layers)
    for index in result.indices { result[index] = tokens[index] }
  }

  @_specialize(where Number == Float)
  @_specialize(where Number == BF16)
  mutating func showInputs(
    block: Int, through last: Int, layers: [LayerWeights], count: Int, of stream: Span<Float>
  ) {
    let own = network.blocks[block]
    precondition(own.layers.contains(last))
    take(stream, block: block, layers: layers, count: count)
    for role in own.roles where own.layer(role) <= last {
      computeInput(of: role, block: block, count: count, kept: shape.tokens, layers: layers)
    }
  }

  /// Makes tokens those that enter a block.
  private mutating func take(
    _ stream: Span<Float>, block: Int, layers: [LayerWeights], count: Int
  ) {
    precondition((1...batchMax).contains(count))
    precondition(network.blocks.indices.contains(block))
    precondition(layers.count == model.layers.count)
    precondition(stream.count == count * shape.tokens * shape.width)
    for index in stream.indices { tokens[index] = stream[index] }
  }

  /// Shows the inputs of a prunable layer to their observer.
  func showInput(of role: LayerRole, block: Int, _ inputs: [Number], rows: Int) {
    guard let observeInput else { return }
    guard let inputs = inputs as? [Float] else {
      preconditionFailure("a pass in \(model.precision) has no inputs to show")
    }
    let layer = network.blocks[block].layer(role)
    let width = network.prunableLayers[layer].inputs
    observeInput(layer, inputs.span.extracting(0..<rows * width))
  }
}
