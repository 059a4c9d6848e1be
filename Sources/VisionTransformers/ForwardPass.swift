import SparseKernels
import SparsityCore

/// The forward pass of a vision transformer, with all the memory that one thread needs.
///
/// Tokens, sums and statistics are fp32; the inputs of linear layers and of the attention have the
/// number format of the model. A pass is made once for each thread and used for many batches:
/// buffers are as large as the largest batch needs, and nothing is allocated for a layer. The
/// weights are shared.
public struct ForwardPass: ~Copyable {
  /// A place in the network whose activations ``ForwardPass/observe`` is shown.
  public enum Stage: Hashable, Sendable {
    /// The tokens after positions were added: (images × tokens × width).
    case embedding
    /// The tokens after a block: (images × tokens × width), of the last block only the extra ones.
    case block(Int)
  }

  /// The model, packed for the arithmetic of the pass.
  public let model: PackedVisionTransformer
  /// The most images of one batch.
  public let batchMax: Int
  /// Is shown the activations of each stage as soon as they are computed.
  public var observe: ((Stage, Span<Float>) -> Void)?
  /// Is shown the inputs of each prunable layer, by its place in network order: (rows × inputs).
  ///
  /// Only a pass in fp32 has inputs to show.
  public var observeInput: ((Int, Span<Float>) -> Void)?

  /// The operations, with the variant of the kernels that runs.
  let arithmetic: Arithmetic
  /// The normalised value of each pixel value, 256 for each channel, in the format of the pass.
  let pixelTable: Activations
  /// The residual stream: (images × tokens × width), always fp32.
  var tokens: [Float]
  /// The input of a linear layer: normalised tokens, or the output of the attention.
  var layerInput: Activations
  /// The patches; then queries, keys and values; then the hidden layer.
  var wide: Activations
  /// What the operations need beside their operands.
  var workspace: Workspace

  /// The weights of the model.
  public var weights: VisionTransformerWeights { model.weights }

  /// Allocates a pass for batches of up to `batchMax` images.
  public init(
    model: PackedVisionTransformer, normalization: PixelNormalization, batchMax: Int
  ) {
    let shape = model.weights.shape
    precondition(batchMax > 0)
    precondition(normalization.mean.count == shape.channels)
    let precision = model.precision
    let rows = batchMax * shape.tokens
    let widest = max(3 * shape.width, shape.hiddenWidth, shape.patchValues)
    self.model = model
    self.batchMax = batchMax
    self.arithmetic = Arithmetic(
      precision: precision, variant: model.variant, epsilon: shape.layerNormEpsilon)
    var table = Activations(count: 256 * shape.channels, precision: precision)
    switch precision {
    case .f32: table.f32 = normalization.table
    case .bf16: table.bf16 = normalization.table.map(\.bf16Bits)
    }
    self.pixelTable = table
    self.tokens = Array(repeating: 0, count: rows * shape.width)
    self.layerInput = Activations(count: rows * shape.width, precision: precision)
    self.wide = Activations(count: rows * widest, precision: precision)
    self.workspace = Workspace(model: model, rows: rows)
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
      apply(block: block, count: count, kept: kept, layers: layers)
      show(.block(block), rows: count * kept)
    }
    applyHeads(count: count, into: &logits)
  }

  /// Returns a prunable layer with the weights that it runs with.
  func layer(at index: Int, _ layers: [LayerWeights]) -> PreparedLayer {
    PreparedLayer(dense: model.layers[index], weights: layers[index])
  }

  /// Shows the first rows of the residual stream to the observer.
  private func show(_ stage: Stage, rows: Int) {
    guard let observe else { return }
    observe(stage, tokens.span.extracting(0..<rows * weights.shape.width))
  }
}
