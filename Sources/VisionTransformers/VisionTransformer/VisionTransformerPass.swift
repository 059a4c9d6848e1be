import NetworkArchitectures
import SparsityCore
import SparseKernels

/// The forward pass of a ViT or DeiT; a distilled model's logits are the mean of both heads.
///
/// Tokens, sums and statistics are fp32; the inputs of linear layers and of the attention have the
/// number format of the model. Buffers are as large as the largest batch needs, and nothing is
/// allocated for a layer.
///
/// Whatever is called through the protocol is specialised for each number format: without the
/// attribute, calls through a protocol run code that knows no format, at 60 to 80 % of the speed
/// (DeiT-Tiny, AVX-512).
struct VisionTransformerPass<Number: Activation>: ObservablePass, ~Copyable {
  let batchMax: Int
  var observe: ((ObservedPlace, Span<Float>) -> Void)?
  var observeInput: ((Int, Span<Float>) -> Void)?

  /// The model, packed for the arithmetic of the pass.
  let model: PackedVisionTransformer

  /// The operations, with the variant of the kernels that runs.
  let arithmetic: Arithmetic<Number>
  /// The normalised value of each pixel value, 256 for each channel, in the format of the pass.
  let pixelTable: [Number]
  /// The residual stream: (images × tokens × width), always fp32.
  var tokens: [Float]
  /// The room that norms of the residual stream write to; empty if the model has none.
  var spareTokens: [Float]
  /// The input of a linear layer: normalised tokens, or the output of the attention.
  var layerInput: [Number]
  /// The patches; then queries, keys and values; then the hidden layer.
  var wide: [Number]
  /// What the operations need beside their operands.
  var workspace: Workspace

  var network: Network { model.network }
  /// How images are cut into patches.
  var patches: PatchGrid {
    PatchGrid(
      image: shape.imageSize, patchSize: shape.patchSize, channels: shape.channels)
  }
  /// The sizes of the model.
  var shape: TransformerShape { model.shape }
  /// The sizes of the attention of one image.
  var attention: AttentionShape { shape.attention }

  /// Allocates a pass for batches of up to `batchMax` images.
  init(
    model: PackedVisionTransformer, normalization: PixelNormalization, batchMax: Int
  ) {
    let shape = model.shape
    precondition(batchMax > 0)
    precondition(normalization.mean.count == shape.channels)
    let rows = batchMax * shape.tokens
    let widest = max(3 * shape.width, shape.hiddenWidth, shape.patchValues)
    self.model = model
    self.batchMax = batchMax
    self.arithmetic = Arithmetic(variant: model.variant, epsilon: shape.features.layerNormEpsilon)
    self.pixelTable = normalization.table.map { Number(rounding: $0) }
    self.tokens = Array(repeating: 0, count: rows * shape.width)
    self.spareTokens = Array(
      repeating: 0, count: shape.normalizesTokens ? rows * shape.width : 0)
    self.layerInput = Array(repeating: .zero, count: rows * shape.width)
    self.wide = Array(repeating: .zero, count: rows * widest)
    self.workspace = Workspace(
      network: model.network, packing: model.packing,
      attentionScratch: shape.attention.scratchCount,
      wideInputCount: rows * max(shape.width, shape.hiddenWidth, shape.patchValues),
      wideOutputCount: rows * max(3 * shape.width, shape.hiddenWidth))
  }

  @_specialize(where Number == Float)
  @_specialize(where Number == BF16)
  mutating func logits(
    pixels: Span<UInt8>, count: Int, layers: [LayerWeights], into logits: inout MutableSpan<Float>
  ) {
    precondition(pixels.count == count * network.input.valueCount)
    check(count: count, layers: layers, logits: logits.count)
    gatherPatches(pixels: pixels, count: count)
    computeLogits(count: count, layers: layers, into: &logits)
  }

  @_specialize(where Number == Float)
  @_specialize(where Number == BF16)
  mutating func logits(
    normalized images: Span<Float>, count: Int, layers: [LayerWeights],
    into logits: inout MutableSpan<Float>
  ) {
    precondition(images.count == count * network.input.valueCount)
    check(count: count, layers: layers, logits: logits.count)
    gatherPatches(normalized: images, count: count)
    computeLogits(count: count, layers: layers, into: &logits)
  }

  /// Traps unless the arguments of a pass fit the model.
  private func check(count: Int, layers: [LayerWeights], logits: Int) {
    precondition((1...batchMax).contains(count))
    precondition(layers.count == model.layers.count)
    precondition(logits == count * shape.classes)
  }

  /// Computes the logits of the patches in `wide`.
  private mutating func computeLogits(
    count: Int, layers: [LayerWeights], into logits: inout MutableSpan<Float>
  ) {
    embed(count: count)
    show(.embedding, rows: count * shape.tokens)
    for block in 0..<shape.depth {
      // The last block computes no other tokens than the heads look at.
      let kept = block + 1 == shape.depth ? shape.headTokens : shape.tokens
      apply(block: block, count: count, kept: kept, layers: layers)
      show(.block(block), rows: count * kept)
    }
    applyHeads(count: count, into: &logits)
  }

  /// Returns a block's prunable layer with the weights that it runs with.
  func layer(_ role: LayerRole, of block: Int, _ layers: [LayerWeights]) -> PreparedLayer {
    let index = network.blocks[block].layer(role)
    return PreparedLayer(dense: model.layers[index], weights: layers[index])
  }

  /// Shows the first rows of the residual stream to the observer.
  private func show(_ place: ObservedPlace, rows: Int) {
    guard let observe else { return }
    observe(place, tokens.span.extracting(0..<rows * shape.width))
  }
}

extension TransformerShape {
  /// The sizes of the attention of one image.
  fileprivate var attention: AttentionShape {
    AttentionShape(tokens: tokens, heads: heads, headWidth: headWidth)
  }

  /// Whether whole tokens are normalised in the residual stream.
  fileprivate var normalizesTokens: Bool {
    features.hasPreNorm || features.pooling != .token && features.finalNorm == .beforePooling
  }
}
