/// What a prunable linear layer does in its block; the raw value ends its name in timm.
package enum LayerRole: String, CaseIterable, Hashable, Sendable {
  /// Queries, keys and values, one after the other.
  case qkv = "attn.qkv"
  /// The projection behind the attention.
  case projection = "attn.proj"
  /// The first layer of the two-layer perceptron.
  case fc1 = "mlp.fc1"
  /// The second layer of the perceptron.
  case fc2 = "mlp.fc2"
}

/// A block of a network: attention and perceptron on tokens that keep their number and width.
package struct NetworkBlock: Hashable, Sendable {
  /// The name in timm that the names of its tensors begin with.
  package let name: String
  /// The tokens of one image.
  package let tokens: Int
  /// The width of a token.
  package let width: Int
  /// The attention heads.
  package let heads: Int
  /// The hidden width of the perceptron.
  package let hiddenWidth: Int
  /// The roles of its prunable layers, in network order.
  package let roles: [LayerRole]
  /// The place of its first prunable layer in network order.
  package let firstLayer: Int

  /// The places of its prunable layers in network order.
  package var layers: Range<Int> { firstLayer..<firstLayer + roles.count }

  /// Returns the place of the layer of a role in network order.
  ///
  /// - Precondition: the block has such a layer.
  package func layer(_ role: LayerRole) -> Int {
    guard let place = roles.firstIndex(of: role) else {
      preconditionFailure("\(name) has no layer \(role)")
    }
    return firstLayer + place
  }
}
