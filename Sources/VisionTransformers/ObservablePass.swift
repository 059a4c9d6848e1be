/// A place in a network whose activations a pass shows.
package enum ObservedPlace: Hashable, Sendable {
  /// The tokens that enter the first block: (images × tokens × width).
  case embedding
  /// The tokens after a block: (images × tokens × width); of a ViT's last one only the extra ones.
  case block(Int)
  /// The tokens that enter a stage of a Swin, after merging: (images × tokens × width).
  case merging(stage: Int)
  /// The tokens of a Swin after the last norm, before they are pooled: (images × tokens × width).
  case norm
}

/// A pass that shows its activations, for comparisons with other programs.
package protocol ObservablePass: ForwardPass, ~Copyable {
  /// Is shown the activations of each place as soon as they are computed.
  var observe: ((ObservedPlace, Span<Float>) -> Void)? { get set }

  /// Computes the logits of normalised images, (images × channels × rows × columns); as
  /// ``ForwardPass/logits(pixels:count:layers:into:)`` otherwise.
  mutating func logits(
    normalized images: Span<Float>, count: Int, layers: [LayerWeights],
    into logits: inout MutableSpan<Float>
  )
}
