import NetworkArchitectures
import SparsityCore

extension SwinPass {
  @_specialize(where Number == Float)
  @_specialize(where Number == BF16)
  mutating func embed(
    pixels: Span<UInt8>, count: Int, into result: inout MutableSpan<Float>
  ) {
    precondition((1...batchMax).contains(count))
    precondition(pixels.count == count * network.input.valueCount)
    precondition(result.count == count * shape.grid(ofStage: 0).count * shape.embeddingWidth)
    for image in 0..<count {
      patches.gather(pixels, of: image..<image + 1, table: pixelTable, into: &wide)
      embed(image: image)
    }
    for index in result.indices { result[index] = tokens[index] }
  }

  @_specialize(where Number == Float)
  @_specialize(where Number == BF16)
  mutating func advance(
    block: Int, layers: [LayerWeights], count: Int, of stream: Span<Float>,
    into result: inout MutableSpan<Float>
  ) {
    take(stream, block: block, layers: layers, count: count)
    apply(block: block, count: count, layers: layers)
    let own = model.blocks[block]
    if own.isLast, own.stage + 1 < shape.depths.count { merge(into: own.stage + 1, count: count) }
    let next = network.blocks[min(block + 1, network.blocks.count - 1)]
    precondition(result.count == count * next.tokens * next.width)
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
    apply(block: block, count: count, layers: layers, through: own.roles[last - own.firstLayer])
  }

  /// Makes tokens those that enter a block.
  private mutating func take(
    _ stream: Span<Float>, block: Int, layers: [LayerWeights], count: Int
  ) {
    precondition((1...batchMax).contains(count))
    precondition(network.blocks.indices.contains(block))
    precondition(layers.count == model.layers.count)
    let own = network.blocks[block]
    precondition(stream.count == count * own.tokens * own.width)
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
