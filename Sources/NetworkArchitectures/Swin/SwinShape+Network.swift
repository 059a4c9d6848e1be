extension SwinShape {
  /// A Swin transformer in timm's names.
  ///
  /// Patch merging stays dense, as in the ELSA paper.
  package var network: Network {
    let firstTokens = grid(ofStage: 0).count
    var builder = NetworkBuilder()
    builder.linear(
      "patch_embed.proj", rows: firstTokens, inputs: patchValues, outputs: embeddingWidth,
      weightShape: [embeddingWidth, channels, patchSize, patchSize])
    builder.layerNorm("patch_embed.norm", rows: firstTokens, width: embeddingWidth)
    for stage in depths.indices {
      if stage > 0 { addMerging(into: stage, to: &builder) }
      for block in 0..<depths[stage] { addBlock(block, stage: stage, to: &builder) }
    }
    let last = grid(ofStage: depths.count - 1)
    // The published code divides by 2⁴ where the last stage's side asks for 4³.
    let lastNorm =
      Int128(finalWidth) * Int128(firstTokens) / Int128(1 << depths.count)
    builder.layerNorm(
      "norm", rows: last.count, width: finalWidth, paper: .exactly(lastNorm))
    builder.elementwise("head.global_pool", [.add], sizes: [last.height, last.width, finalWidth])
    builder.linear("head.fc", rows: 1, inputs: finalWidth, outputs: classes)
    return builder.network(
      input: NetworkInput(size: imageSize, channels: channels), classes: classes)
  }

  /// Adds a block: attention in windows, which every second block shifts, and the perceptron.
  ///
  /// Windows at the edge may be padded: the attention computes with the padding, whose queries,
  /// keys and values are the bias; linear layers compute the map's own tokens alone.
  private func addBlock(_ block: Int, stage: Int, to builder: inout NetworkBuilder) {
    let (tokens, width) = (grid(ofStage: stage).count, width(ofStage: stage))
    let (window, heads) = (window(ofStage: stage), heads[stage])
    let windows = windows(ofStage: stage).count
    let isShifted = shift(ofStage: stage, block: block) != 0
    let moves: [VectorFunction] = isShifted ? [.move, .move] : [.move]
    builder.block(
      "layers.\(stage).blocks.\(block)", tokens: tokens, width: width, heads: heads,
      hiddenWidth: hiddenWidth(ofStage: stage)
    ) { block in
      block.network.layerNorm(block.name(of: "norm1"), rows: tokens, width: width)
      block.network.elementwise(block.name(of: "attn.partition"), moves, sizes: [tokens, width])
      block.network.tensor(
        block.name(of: "attn.relative_position_bias_table"),
        [(2 * window.height - 1) * (2 * window.width - 1), heads])
      block.linear(.qkv, inputs: width, outputs: 3 * width, hasBias: hasQKVBias)
      block.network.attention(
        block.name(of: "attn"), tokens: window.count, headWidth: width / heads,
        count: windows * heads,
        scoreFunctions: isShifted ? [.add, .add, .softmax] : [.add, .softmax])
      block.linear(.projection, inputs: width, outputs: width)
      block.network.elementwise(block.name(of: "attn.reverse"), moves, sizes: [tokens, width])
      block.network.elementwise(block.name(of: "attn.add"), [.add], sizes: [tokens, width])
      block.perceptron()
    }
  }

  /// Adds the patch merging before a stage: four neighbours become one token of twice the width.
  private func addMerging(into stage: Int, to builder: inout NetworkBuilder) {
    let name = "layers.\(stage).downsample"
    let (tokens, width) = (grid(ofStage: stage).count, width(ofStage: stage))
    builder.elementwise("\(name).gather", [.move], sizes: [tokens, 2, width])
    builder.layerNorm("\(name).norm", rows: tokens, width: 2 * width)
    builder.linear(
      "\(name).reduction", rows: tokens, inputs: 2 * width, outputs: width, hasBias: false)
  }
}
