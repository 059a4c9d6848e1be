import NetworkArchitectures

/// The parameters of a network, complete and checked; immutable, shared by threads.
package struct NetworkWeights: Sendable {
  /// The sizes that every tensor was checked against.
  package let architecture: any NetworkArchitecture
  /// What the network is made of.
  package let network: Network
  /// What was changed to fit the network, as sentences for users.
  package let adaptations: [String]
  private let tensors: [String: Tensor]

  /// Creates the weights from a checkpoint's tensors in names that the family knows.
  ///
  /// - Throws: ``ModelError`` that names the first tensor that is unknown, missing, of another
  ///   shape, or not finite.
  package init(
    architecture: any NetworkArchitecture, tensors: [String: Tensor]
  ) throws(ModelError) {
    let network = architecture.network
    var tensors = Self.named(tensors, by: architecture.checkpointNames(for: Array(tensors.keys)))
    adaptations = Self.fitPositions(of: &tensors, to: architecture)
    let known = Set(network.tensors.map(\.name))
    for name in tensors.keys.sorted() where !known.contains(name) {
      throw .unknownTensor(
        name: name, reason: architecture.reasonToRefuse(unknownTensor: name))
    }
    for expected in network.tensors {
      let name = expected.name
      guard let tensor = tensors[name] else {
        throw .missingTensor(name: name, expected: expected.shape)
      }
      guard tensor.shape == expected.shape else {
        throw .wrongShape(name: name, found: tensor.shape, expected: expected.shape)
      }
      if let index = tensor.values.firstIndex(where: { !$0.isFinite }) {
        throw .notFinite(name: name, index: index, value: "\(tensor.values[index])")
      }
    }
    self.architecture = architecture
    self.network = network
    self.tensors = tensors
  }

  /// Brings a ViT's positions to its grid; returns what was done.
  private static func fitPositions(
    of tensors: inout [String: Tensor], to architecture: any NetworkArchitecture
  ) -> [String] {
    let name = "pos_embed"
    guard let shape = architecture as? TransformerShape, let found = tensors[name],
      let (positions, old) = shape.resampledPositions(found)
    else { return [] }
    tensors[name] = positions
    return [
      "\(name) is resampled from a grid of \(old.height)×\(old.width) patches to "
        + "\(shape.grid.height)×\(shape.grid.width), as timm does"
    ]
  }

  /// Returns the tensors that a network has use for, in timm's names.
  private static func named(
    _ tensors: [String: Tensor], by names: [String: String]
  ) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (name, tensor) in tensors {
      if let known = names[name] { result[known] = tensor }
    }
    return result
  }

  /// Returns the numbers of a tensor in timm's names.
  ///
  /// - Precondition: it is one of the network's.
  package func values(named name: String) -> [Float] { tensor(name).values }

  /// Returns a linear layer by its name in timm; its bias is `nil` where the network has none.
  ///
  /// - Precondition: the network has the layer.
  package func linear(named name: String) -> LinearParameters {
    let weights = tensor("\(name).weight")
    let outputs = weights.shape[0]
    return LinearParameters(
      outputs: outputs, inputs: weights.values.count / outputs, weights: weights.values,
      bias: tensors["\(name).bias"]?.values)
  }

  /// Returns a LayerNorm by its name in timm.
  ///
  /// - Precondition: the network has the norm.
  package func norm(named name: String) -> NormParameters {
    NormParameters(weights: values(named: "\(name).weight"), bias: values(named: "\(name).bias"))
  }

  /// Returns the prunable layer at a place in network order.
  ///
  /// - Precondition: the network has the layer.
  package func prunableLayer(at index: Int) -> LinearParameters {
    linear(named: network.prunableLayers[index].name)
  }

  private func tensor(_ name: String) -> Tensor {
    guard let tensor = tensors[name] else {
      preconditionFailure("\(name) is no tensor of the network")
    }
    return tensor
  }
}
