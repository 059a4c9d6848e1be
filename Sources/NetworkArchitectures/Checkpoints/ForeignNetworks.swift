/// Networks that are not supported, told by the names of their tensors.
package enum ForeignNetworks {
  /// A part of a tensor's name, and what a model with such a tensor is.
  private static let signs: [(part: String, meaning: String)] = [
    ("patch_embed.backbone.", "a convolutional stem (a hybrid of ViT and ResNet)"),
    ("patch_embed.conv", "a convolutional stem"),
    ("patch_embed.stem.", "a convolutional stem"),
    ("blocks_token_only.", "blocks for the class token alone (CaiT)"),
    ("attn.cpb_mlp.", "the position network of Swin V2; Swin V1 is supported"),
    ("attn.logit_scale", "the scaled cosine attention of Swin V2; Swin V1 is supported"),
    ("attn.rel_pos.", "relative positions in a ViT"),
    ("rel_pos_bias.", "relative positions in a ViT (BEiT)"),
    ("rope", "rotary positions (EVA, DINOv3)"),
    ("conv_dw.", "depthwise convolutions (ConvNeXt, MaxViT and others)"),
    ("dwconv.", "depthwise convolutions"),
    ("layer1.0.conv1.", "convolutions (ResNet)"),
    ("features.0.0.", "convolutions, or Swin in torchvision's names: load it in timm and save it"),
    ("encoder_layer_0.self_attention.", "torchvision's names of ViT: load it in timm and save it"),
    (".self_attn.q_proj.", "the layers of CLIP or SigLIP of transformers"),
    ("encoder.layer.0.layer_scale1.", "DINOv2 in the names of transformers; timm's are supported"),
    ("transformer.resblocks.", "the layers of OpenCLIP's own ViT; timm's are supported"),
    ("layers.0.ln1.", "the names of MMPretrain: load the model in timm and save it"),
    ("decoder_blocks.", "a decoder (a masked autoencoder)"),
    ("mlp_tokens.", "perceptrons over tokens (MLP-Mixer)"),
    ("mlp.w12.", "SwiGLU perceptrons"),
    ("mlp.fc1_g.", "SwiGLU perceptrons"),
  ]

  /// Returns what of a checkpoint is of a network that is not supported, or `nil`.
  ///
  /// - Parameter architecture: The name that the configuration gives; empty if none.
  package static func reasonToRefuse(
    _ names: [String], architecture: String
  ) -> String? {
    for (part, meaning) in signs {
      guard let name = names.first(where: { contains(part, in: $0) }) else { continue }
      let subject = architecture.isEmpty ? "the model" : "architecture \(architecture)"
      return "\(subject) has \(meaning): its tensor \(name) is of no network that is supported; "
        + "elsa models lists those that are"
    }
    return nil
  }

  /// Whether a part stands in a name: from the beginning of a component on, or after its own dot.
  private static func contains(_ part: String, in name: String) -> Bool {
    part.hasPrefix(".") ? name.contains(part) : name.hasPrefix(part) || name.contains("." + part)
  }

  /// The first components of classifiers' names.
  private static let heads: Set<Substring> = [
    "head", "classifier", "cls_classifier", "head_dist", "distillation_classifier",
  ]

  /// Returns the classifier's weights that a model of these tensors lacks, or `nil` if it has a
  /// classifier, or if nothing tells that it is a model.
  package static func missingClassifier(_ names: [String]) -> String? {
    guard let first = WrapperPrefix.prefixes(in: names).first, first.isEmpty,
      !names.contains(where: { heads.contains($0.prefix { $0 != "." }) })
    else { return nil }
    return names.contains { $0.contains("embeddings.patch_embeddings.") }
      ? "classifier.weight" : "head.weight"
  }
}
