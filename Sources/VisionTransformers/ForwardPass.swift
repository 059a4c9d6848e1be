import SparseKernels
import SparsityCore

/// The forward pass of a vision transformer in fp32, with all the memory that one thread needs.
///
/// A pass is made once for each thread and used for many batches: buffers are as large as the
/// largest batch needs, and nothing is allocated for a layer. The weights are shared.
public struct ForwardPass: ~Copyable {
  /// A place in the network whose activations ``ForwardPass/observe`` is shown.
  public enum Stage: Hashable, Sendable {
    /// The tokens after positions were added: (images × tokens × width).
    case embedding
    /// The tokens after a block: (images × tokens × width), of the last block only the extra ones.
    case block(Int)
  }

  /// The weights of the model.
  public let weights: VisionTransformerWeights
  /// The most images of one batch.
  public let batchMax: Int
  /// Is shown the activations of each stage as soon as they are computed.
  public var observe: ((Stage, Span<Float>) -> Void)?

  /// The operations, with the variant of the kernels that runs.
  let arithmetic: Arithmetic
  /// The normalised value of each pixel value, 256 for each channel.
  let pixelTable: [Float]
  /// The residual stream: (images × tokens × width).
  var tokens: [Float]
  /// The input of a linear layer: normalised tokens, or the output of the attention.
  var layerInput: [Float]
  /// What a block adds to the residual stream.
  var update: [Float]
  /// The patches; then queries, keys and values; then the hidden layer; then the logits.
  var wide: [Float]
  /// The attention scores of one head: (tokens × tokens).
  var scores: [Float]
  /// What the sparse kernels need beside their operands.
  var scratch: [Float]

  /// Allocates a pass for batches of up to `batchMax` images.
  public init(
    weights: VisionTransformerWeights, normalization: PixelNormalization, batchMax: Int,
    variant: KernelVariant
  ) {
    precondition(batchMax > 0)
    precondition(normalization.mean.count == weights.shape.channels)
    precondition(variant.isSupported)
    let shape = weights.shape
    let rows = batchMax * shape.tokens
    let widest = max(3 * shape.width, shape.hiddenWidth, shape.patchValues)
    self.weights = weights
    self.batchMax = batchMax
    self.arithmetic = Arithmetic(variant: variant, epsilon: shape.layerNormEpsilon)
    self.pixelTable = normalization.table
    self.tokens = Array(repeating: 0, count: rows * shape.width)
    self.layerInput = Array(repeating: 0, count: rows * shape.width)
    self.update = Array(repeating: 0, count: rows * shape.width)
    self.wide = Array(repeating: 0, count: max(rows * widest, batchMax * shape.classes))
    self.scores = Array(repeating: 0, count: shape.tokens * shape.tokens)
    let scratchCounts = shape.prunableLayers.map {
      scratchCount(outputs: $0.outputs, inputs: $0.inputs)
    }
    self.scratch = Array(repeating: 0, count: scratchCounts.max() ?? 0)
  }

  /// Computes the logits of images as they are: pixel values, (images × rows × columns × channels).
  ///
  /// - Parameters:
  ///   - pixels: The pixel values of `count` images of the model's size and channels.
  ///   - count: The number of images, 1 to ``batchMax``.
  ///   - layers: The weights of each prunable layer, in network order.
  ///   - logits: Receives (images × classes); a distilled model's are the mean of both heads.
  public mutating func logits(
    pixels: Span<UInt8>, count: Int, layers: [LayerWeights], into logits: inout MutableSpan<Float>
  ) {
    let shape = weights.shape
    precondition(pixels.count == count * shape.imageSize * shape.imageSize * shape.channels)
    check(count: count, layers: layers, logits: logits.count)
    gatherPatches(pixels: pixels, count: count)
    computeLogits(count: count, layers: layers, into: &logits)
  }

  /// Computes the logits of normalised images, (images × channels × rows × columns).
  ///
  /// The parameters are those of ``logits(pixels:count:layers:into:)``, but for the images.
  public mutating func logits(
    normalized images: Span<Float>, count: Int, layers: [LayerWeights],
    into logits: inout MutableSpan<Float>
  ) {
    let shape = weights.shape
    precondition(images.count == count * shape.imageSize * shape.imageSize * shape.channels)
    check(count: count, layers: layers, logits: logits.count)
    gatherPatches(normalized: images, count: count)
    computeLogits(count: count, layers: layers, into: &logits)
  }

  /// Traps unless the arguments of a pass fit the model.
  private func check(count: Int, layers: [LayerWeights], logits: Int) {
    precondition((1...batchMax).contains(count))
    precondition(layers.count == 4 * weights.shape.depth)
    precondition(logits == count * weights.shape.classes)
  }

  /// Computes the logits of the patches in `wide`.
  private mutating func computeLogits(
    count: Int, layers: [LayerWeights], into logits: inout MutableSpan<Float>
  ) {
    let shape = weights.shape
    embed(count: count)
    show(.embedding, rows: count * shape.tokens)
    for block in 0..<shape.depth {
      // The heads look at the extra tokens only, so the last block computes no other.
      let kept = block + 1 == shape.depth ? shape.extraTokens : shape.tokens
      addAttention(block: block, count: count, kept: kept, layers: layers)
      addPerceptron(block: block, rows: count * kept, layers: layers)
      show(.block(block), rows: count * kept)
    }
    applyHeads(count: count, into: &logits)
  }

  /// Shows the first rows of the residual stream to the observer.
  private func show(_ stage: Stage, rows: Int) {
    guard let observe else { return }
    observe(stage, tokens.span.extracting(0..<rows * weights.shape.width))
  }
}
