import NetworkArchitectures
import SparseKernels
import SparsityCore

/// The forward pass of a Swin transformer.
///
/// Number formats are those of the ViT's pass, and so are its rules of specialisation. Tokens lie
/// in the order of the map, (images × rows × columns × width): attention finds those of its
/// windows by index. All but the tokens is computed some rows at a time, so that what one operation
/// writes is in the cache when the next one reads it.
struct SwinPass<Number: Activation>: ObservablePass, ~Copyable {
  let batchMax: Int
  var observe: ((ObservedPlace, Span<Float>) -> Void)?
  var observeInput: ((Int, Span<Float>) -> Void)?

  /// The model, packed for the arithmetic of the pass.
  let model: PackedSwin
  /// The operations, with the variant of the kernels that runs.
  let arithmetic: Arithmetic<Number>
  /// The operations on what stays fp32.
  let sums: Arithmetic<Float>
  /// The normalised value of each pixel value, 256 for each channel, in the format of the pass.
  let pixelTable: [Number]
  /// What each block's attention has beside queries, keys and values.
  let attentions: [WindowAttention<Number>]
  /// The rows that are computed at a time.
  let groups: SwinRowGroups
  /// The residual stream: (images × tokens × width), always fp32.
  var tokens: [Float]
  /// The tokens of the next stage while they are merged, and what norms write that stays fp32.
  var otherTokens: [Float]
  /// The tokens that become one, side by side: (some merged rows × 4 · width).
  var neighbours: [Float]
  /// The input of a linear layer: normalised tokens, or the output of the attention.
  var layerInput: [Number]
  /// The patches; then queries, keys and values; then the hidden layer.
  var wide: [Number]
  /// What the operations need beside their operands.
  var workspace: Workspace

  var network: Network { model.network }
  /// The sizes of the model.
  var shape: SwinShape { model.shape }
  /// How images are cut into patches.
  var patches: PatchGrid {
    PatchGrid(image: shape.imageSize, patchSize: shape.patchSize, channels: shape.channels)
  }

  /// Allocates a pass for batches of up to `batchMax` images.
  init(model: PackedSwin, normalization: PixelNormalization, batchMax: Int) {
    let shape = model.shape
    precondition(batchMax > 0)
    precondition(normalization.mean.count == shape.channels)
    let groups = SwinRowGroups(
      shape: shape, batchMax: batchMax, numberSize: MemoryLayout<Number>.stride)
    let tokenCount =
      shape.depths.indices.map {
        shape.grid(ofStage: $0).count * shape.width(ofStage: $0)
      }.max() ?? 0
    self.model = model
    self.batchMax = batchMax
    self.groups = groups
    arithmetic = Arithmetic(variant: model.variant, epsilon: SwinShape.layerNormEpsilon)
    sums = Arithmetic(variant: model.variant, epsilon: SwinShape.layerNormEpsilon)
    pixelTable = normalization.table.map { Number(rounding: $0) }
    attentions = model.blocks.enumerated().map { index, block in
      let qkv = model.layers[model.network.blocks[index].layer(.qkv)]
      return WindowAttention(
        bias: block.bias, headWidth: shape.width(ofStage: block.stage) / shape.heads[block.stage],
        padding: qkv.bias.map { Number(rounding: $0) })
    }
    tokens = Array(repeating: 0, count: batchMax * tokenCount)
    otherTokens = Array(repeating: 0, count: batchMax * tokenCount)
    neighbours = Array(repeating: 0, count: groups.neighbourCount)
    layerInput = Array(repeating: .zero, count: groups.layerInputCount)
    wide = Array(repeating: .zero, count: groups.wideCount)
    workspace = Workspace(
      network: model.network, packing: model.packing,
      attentionScratch: shape.depths.indices.map { stage in
        AttentionShape(
          tokens: shape.window(ofStage: stage).count, heads: shape.heads[stage],
          headWidth: shape.width(ofStage: stage) / shape.heads[stage]
        ).scratchCount
      }.max() ?? 0,
      wideInputCount: max(groups.layerInputCount, groups.wideCount),
      wideOutputCount: groups.wideCount)
  }

  @_specialize(where Number == Float)
  @_specialize(where Number == BF16)
  mutating func logits(
    pixels: Span<UInt8>, count: Int, layers: [LayerWeights], into logits: inout MutableSpan<Float>
  ) {
    precondition(pixels.count == count * network.input.valueCount)
    check(count: count, layers: layers, logits: logits.count)
    for image in 0..<count {
      patches.gather(pixels, of: image..<image + 1, table: pixelTable, into: &wide)
      embed(image: image)
    }
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
    for image in 0..<count {
      patches.gather(normalized: images, of: image..<image + 1, into: &wide)
      embed(image: image)
    }
    computeLogits(count: count, layers: layers, into: &logits)
  }

  /// Traps unless the arguments of a pass fit the model.
  private func check(count: Int, layers: [LayerWeights], logits: Int) {
    precondition((1...batchMax).contains(count))
    precondition(layers.count == model.layers.count)
    precondition(logits == count * shape.classes)
  }

  /// Computes the logits of embedded images.
  private mutating func computeLogits(
    count: Int, layers: [LayerWeights], into logits: inout MutableSpan<Float>
  ) {
    show(.embedding, count: count * shape.grid(ofStage: 0).count * shape.embeddingWidth)
    for (index, block) in model.blocks.enumerated() {
      apply(block: index, count: count, layers: layers)
      let width = shape.width(ofStage: block.stage)
      show(.block(index), count: count * shape.grid(ofStage: block.stage).count * width)
      guard block.isLast, block.stage + 1 < shape.depths.count else { continue }
      merge(into: block.stage + 1, count: count)
      show(
        .merging(stage: block.stage + 1),
        count: count * shape.grid(ofStage: block.stage + 1).count * 2 * width)
    }
    applyHead(count: count, into: &logits)
  }

  /// Returns a block's prunable layer with the weights that it runs with.
  func layer(_ role: LayerRole, of block: Int, _ layers: [LayerWeights]) -> PreparedLayer {
    let index = network.blocks[block].layer(role)
    return PreparedLayer(dense: model.layers[index], weights: layers[index])
  }

  /// Shows the first numbers of the residual stream to the observer.
  private func show(_ place: ObservedPlace, count: Int) {
    guard let observe else { return }
    observe(place, tokens.span.extracting(0..<count))
  }
}
