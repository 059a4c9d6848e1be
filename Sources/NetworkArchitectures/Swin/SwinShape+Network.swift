extension SwinShape {
  /// A Swin transformer in timm's names.
  ///
  /// Patch merging stays dense, as in the ELSA paper.
  package var network: Network {
    let firstSide = side(ofStage: 0)
    let firstTokens = firstSide * firstSide
    var builder = NetworkBuilder()
    builder.linear(
      "patch_embed.proj", rows: firstTokens, inputs: patchValues, outputs: embeddingWidth,
      weightShape: [embeddingWidth, channels, patchSize, patchSize])
    builder.layerNorm("patch_embed.norm", rows: firstTokens, width: embeddingWidth)
    for stage in depths.indices {
      if stage > 0 { addMerging(into: stage, to: &builder) }
      for block in 0..<depths[stage] { addBlock(block, stage: stage, to: &builder) }
    }
    let side = side(ofStage: depths.count - 1)
    // The published code divides by 2⁴ where the last stage's side asks for 4³.
    let lastNorm =
      Int128(finalWidth) * Int128(firstSide) * Int128(firstSide) / Int128(1 << depths.count)
    builder.layerNorm(
      "norm", rows: side * side, width: finalWidth, paper: .exactly(lastNorm))
    builder.elementwise("head.global_pool", [.add], sizes: [side, side, finalWidth])
    builder.linear("head.fc", rows: 1, inputs: finalWidth, outputs: classes)
    return builder.network(
      input: NetworkInput(side: imageSize, channels: channels), classes: classes)
  }

  /// Adds a block: attention in windows, which every second block shifts, and the perceptron.
  private func addBlock(_ block: Int, stage: Int, to builder: inout NetworkBuilder) {
    let (side, width) = (side(ofStage: stage), width(ofStage: stage))
    let (window, heads) = (window(ofStage: stage), heads[stage])
    let tokens = side * side
    let windows = (side / window) * (side / window)
    // One window that holds the whole stage is never shifted.
    let isShifted = block % 2 == 1 && windows > 1
    let moves: [VectorFunction] = isShifted ? [.move, .move] : [.move]
    builder.block(
      "layers.\(stage).blocks.\(block)", tokens: tokens, width: width, heads: heads,
      hiddenWidth: hiddenRatio * width
    ) { block in
      block.network.layerNorm(block.name(of: "norm1"), rows: tokens, width: width)
      block.network.elementwise(block.name(of: "attn.partition"), moves, sizes: [tokens, width])
      block.network.tensor(
        block.name(of: "attn.relative_position_bias_table"),
        [(2 * window - 1) * (2 * window - 1), heads])
      block.linear(.qkv, inputs: width, outputs: 3 * width)
      block.network.attention(
        block.name(of: "attn"), tokens: window * window, headWidth: width / heads,
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
    let (side, width) = (side(ofStage: stage), width(ofStage: stage))
    let tokens = side * side
    builder.elementwise("\(name).gather", [.move], sizes: [tokens, 2, width])
    builder.layerNorm("\(name).norm", rows: tokens, width: 2 * width)
    builder.linear(
      "\(name).reduction", rows: tokens, inputs: 2 * width, outputs: width, hasBias: false)
  }
}
