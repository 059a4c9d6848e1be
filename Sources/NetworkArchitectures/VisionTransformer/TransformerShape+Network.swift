extension TransformerShape {
  /// A ViT or DeiT in timm's names.
  package var network: Network {
    var builder = NetworkBuilder()
    addEmbedding(to: &builder)
    for block in 0..<depth {
      builder.block(
        "blocks.\(block)", tokens: tokens, width: width, heads: heads, hiddenWidth: hiddenWidth,
        addParts)
    }
    addHeads(to: &builder)
    return builder.network(
      input: NetworkInput(size: imageSize, channels: channels), classes: classes)
  }

  private func addEmbedding(to builder: inout NetworkBuilder) {
    if features.hasClassToken { builder.tensor("cls_token", [1, 1, width]) }
    if isDistilled { builder.tensor("dist_token", [1, 1, width]) }
    if features.registers > 0 { builder.tensor("reg_token", [1, features.registers, width]) }
    if positionedTokens > 0 { builder.tensor("pos_embed", [1, positionedTokens, width]) }
    builder.linear(
      "patch_embed.proj", rows: patches, inputs: patchValues, outputs: width,
      hasBias: !features.hasPreNorm, weightShape: [width, channels, patchSize, patchSize])
    if positionedTokens > 0 {
      builder.elementwise("pos_embed", [.add], sizes: [positionedTokens, width])
    }
    if features.hasPreNorm {
      builder.layerNorm("norm_pre", rows: tokens, width: width, paper: .none)
    }
  }

  /// LayerScale has no step of its own: it is a factor of the weights before it.
  private func addParts(to block: inout BlockBuilder) {
    block.network.layerNorm(block.name(of: "norm1"), rows: tokens, width: width)
    block.linear(.qkv, inputs: width, outputs: 3 * width, hasBias: features.hasQKVBias)
    if features.hasQueryKeyNorm {
      for part in ["attn.q_norm", "attn.k_norm"] {
        block.network.layerNorm(
          block.name(of: part), rows: tokens * heads, width: headWidth, paper: .none)
      }
    }
    block.network.attention(
      block.name(of: "attn"), tokens: tokens, headWidth: headWidth, count: heads,
      scoreFunctions: [.softmax])
    block.linear(
      .projection, inputs: width, outputs: width, hasBias: features.hasProjectionBias)
    if features.hasLayerScale { block.network.tensor(block.name(of: "ls1.gamma"), [width]) }
    block.network.elementwise(block.name(of: "attn.add"), [.add], sizes: [tokens, width])
    block.perceptron(hasBias: features.hasProjectionBias)
    if features.hasLayerScale { block.network.tensor(block.name(of: "ls2.gamma"), [width]) }
  }

  /// The paper counts neither the last norm nor the heads.
  private func addHeads(to builder: inout NetworkBuilder) {
    if features.finalNorm == .beforePooling {
      builder.layerNorm("norm", rows: tokens, width: width, paper: .none)
    }
    if features.pooling != .token {
      let pooled = features.poolsExtraTokens ? tokens : patches
      builder.elementwise("pool", [.add], sizes: [pooled, width])
    }
    if features.finalNorm == .afterPooling {
      builder.layerNorm("fc_norm", rows: 1, width: width, paper: .none)
    }
    for name in isDistilled ? ["head", "head_dist"] : ["head"] {
      builder.linear(name, rows: 1, inputs: width, outputs: classes, paper: .none)
    }
  }
}
