/// What a vision transformer computes beside what its sizes say, in the terms of timm.
package struct TransformerFeatures: Hashable, Sendable {
  /// Whether a distillation token and a second head exist, as in distilled DeiT.
  package var isDistilled = false
  /// Whether a class token stands before the patches.
  package var hasClassToken = true
  /// The register tokens between the class token and the patches.
  package var registers = 0
  /// Which tokens have a position.
  package var positions = TokenPositions.all
  /// Whether tokens are normalised before the first block, as CLIP does; patches have no bias then.
  package var hasPreNorm = false
  /// Whether the query, key and value projection has a bias.
  package var hasQKVBias = true
  /// Whether the projection behind the attention and the perceptron have biases.
  package var hasProjectionBias = true
  /// Whether the queries and the keys of each head are normalised.
  package var hasQueryKeyNorm = false
  /// Whether what a block adds to a token is scaled feature by feature.
  package var hasLayerScale = false
  /// The activation function of the perceptron.
  package var activation = PerceptronActivation.gelu
  /// How an image's tokens become the one that the head sees.
  package var pooling = TokenPooling.token
  /// Whether pooling takes class and register tokens in.
  package var poolsExtraTokens = false
  /// Where the last norm stands.
  package var finalNorm = FinalNorm.beforePooling
  /// The constant that LayerNorm adds to the variance.
  package var layerNormEpsilon: Float = 1e-6

  /// Creates the features of the first ViT.
  package init() {}
}

/// Which tokens a position is added to.
package enum TokenPositions: Hashable, Sendable {
  /// All, class and register tokens too.
  case all
  /// The patches, as in DeiT III.
  case patches
  /// None.
  case none
}

/// The function between the layers of a perceptron.
package enum PerceptronActivation: String, CaseIterable, Hashable, Sendable {
  /// v · Φ(v), with the error function.
  case gelu
  /// GELU's approximation by the hyperbolic tangent.
  case geluTanh = "gelu_tanh"
  /// v · σ(1.702 v), as in CLIP.
  case quickGELU = "quick_gelu"
  /// v · σ(v).
  case silu
  /// max(v, 0).
  case relu
}

/// How tokens are pooled.
package enum TokenPooling: String, CaseIterable, Hashable, Sendable {
  /// The first token is taken: the class token.
  case token
  /// The mean of the tokens.
  case mean = "avg"
  /// The largest value of each feature.
  case maximum = "max"
  /// Half the sum of mean and maximum.
  case meanAndMaximum = "avgmax"
}

/// Where the last norm stands.
package enum FinalNorm: Hashable, Sendable {
  /// On all tokens: `norm`.
  case beforePooling
  /// On what was pooled: `fc_norm`.
  case afterPooling
  /// Nowhere.
  case none
}
