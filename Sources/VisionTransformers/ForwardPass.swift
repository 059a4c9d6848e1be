import NetworkArchitectures

/// The forward pass of a network, with all the memory that one thread needs.
///
/// A pass is made once for each thread and used for many batches; the weights are shared. Each
/// family of networks has a pass of its own, made by its ``PackedNetwork``. The weights of each
/// prunable layer are given in network order.
package protocol ForwardPass: ~Copyable {
  /// What the network is made of.
  var network: Network { get }
  /// The most images of one batch.
  var batchMax: Int { get }
  /// Is shown the inputs of each prunable layer, by its place in network order: (rows × inputs).
  ///
  /// Only a pass in fp32 has inputs to show.
  var observeInput: ((Int, Span<Float>) -> Void)? { get set }

  /// Computes the logits of images as they are: pixel values, (images × rows × columns × channels).
  ///
  /// - Parameters:
  ///   - pixels: The pixel values of `count` images of the network's input.
  ///   - count: The number of images, 1 to ``batchMax``.
  ///   - layers: The weights of each prunable layer.
  ///   - logits: Receives (images × classes).
  mutating func logits(
    pixels: Span<UInt8>, count: Int, layers: [LayerWeights], into logits: inout MutableSpan<Float>
  )

  /// Computes the tokens that enter the first block: (images × tokens × width).
  ///
  /// - Precondition: `pixels` are those of `count` images, 1 to ``batchMax``.
  mutating func embed(pixels: Span<UInt8>, count: Int, into result: inout MutableSpan<Float>)

  /// Computes the tokens that enter the block after a block from those that enter it; after the
  /// last block, all the tokens that leave it.
  ///
  /// - Parameters:
  ///   - block: The block's place.
  ///   - layers: The weights of each prunable layer.
  ///   - stream: The tokens that enter the block: (images × tokens × width).
  ///   - result: Receives the tokens.
  mutating func advance(
    block: Int, layers: [LayerWeights], count: Int, of stream: Span<Float>,
    into result: inout MutableSpan<Float>
  )

  /// Shows ``observeInput`` the inputs of a block's first layers; nothing behind is computed.
  ///
  /// - Parameters:
  ///   - block: The block's place.
  ///   - last: The place in network order of the last layer whose inputs are shown.
  ///   - layers: The weights of each prunable layer.
  ///   - stream: The tokens that enter the block: (images × tokens × width).
  mutating func showInputs(
    block: Int, through last: Int, layers: [LayerWeights], count: Int, of stream: Span<Float>
  )
}
