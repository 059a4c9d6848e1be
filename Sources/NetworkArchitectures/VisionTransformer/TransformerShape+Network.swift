extension TransformerShape {
  /// A ViT or DeiT in timm's names.
  package var network: Network {
    var builder = NetworkBuilder()
    builder.tensor("cls_token", [1, 1, width])
    if isDistilled { builder.tensor("dist_token", [1, 1, width]) }
    builder.tensor("pos_embed", [1, tokens, width])
    builder.linear(
      "patch_embed.proj", rows: patches, inputs: patchValues, outputs: width,
      weightShape: [width, channels, patchSize, patchSize])
    builder.elementwise("pos_embed", [.add], sizes: [tokens, width])
    for block in 0..<depth {
      builder.block(
        "blocks.\(block)", tokens: tokens, width: width, heads: heads, hiddenWidth: hiddenWidth,
        addParts)
    }
    // The paper counts neither the last norm nor the heads.
    builder.layerNorm("norm", rows: tokens, width: width, paper: .none)
    for name in isDistilled ? ["head", "head_dist"] : ["head"] {
      builder.linear(name, rows: 1, inputs: width, outputs: classes, paper: .none)
    }
    return builder.network(
      input: NetworkInput(side: imageSize, channels: channels), classes: classes)
  }

  private func addParts(to block: inout BlockBuilder) {
    block.network.layerNorm(block.name(of: "norm1"), rows: tokens, width: width)
    block.linear(.qkv, inputs: width, outputs: 3 * width, hasBias: hasQKVBias)
    block.network.attention(
      block.name(of: "attn"), tokens: tokens, headWidth: headWidth, count: heads,
      scoreFunctions: [.softmax])
    block.linear(.projection, inputs: width, outputs: width)
    block.network.elementwise(block.name(of: "attn.add"), [.add], sizes: [tokens, width])
    block.perceptron()
  }
}
