import NetworkArchitectures
import SparsityCore
import Testing

/// What holds for a network of any family.
struct NetworkTests {
  @Test(arguments: NetworkFamilies.named.map(\.name))
  func `the parts of a network fit together`(name: String) throws {
    let network = try NetworkFamilies.network(named: name).architecture.network
    let shapes = Dictionary(uniqueKeysWithValues: network.tensors.map { ($0.name, $0.shape) })
    // Blocks have all prunable layers, in order, named by their roles.
    #expect(network.blocks.flatMap(\.layers) == Array(network.prunableLayers.indices))
    for block in network.blocks {
      for role in block.roles {
        let layer = network.prunableLayers[block.layer(role)]
        #expect(layer.name == "\(block.name).\(role.rawValue)")
        #expect(shapes["\(layer.name).weight"] == [layer.outputs, layer.inputs])
      }
    }
    // Each prunable layer is one operation, in the order of the layers.
    let operations = network.operations.filter { $0.prunableLayer != nil }
    #expect(operations.map(\.prunableLayer) == network.prunableLayers.indices.map(Optional.init))
    for operation in operations {
      let layer = network.prunableLayers[try #require(operation.prunableLayer)]
      guard case .linear(let linear) = operation.work else {
        Issue.record("\(operation.name) is no linear layer")
        continue
      }
      #expect(operation.name == layer.name)
      #expect((linear.inputs, linear.outputs) == (layer.inputs, layer.outputs))
      #expect(operation.paperMacs == Int128(linear.rows * linear.inputs * linear.outputs))
    }
    // Each linear layer has weights, each norm a scale and a shift.
    for operation in network.operations {
      switch operation.work {
      case .linear: #expect(shapes["\(operation.name).weight"] != nil)
      case .elementwise([.layerNorm], _): #expect(shapes["\(operation.name).bias"]?.count == 1)
      default: break
      }
    }
    #expect(network.layer(named: network.prunableLayers[5].name) == 5)
    #expect(network.layer(named: "head") == nil)
  }

  @Test func `parameters that no product has are counted by hand`() throws {
    let shape = try TransformerShape(
      imageSize: 8, patchSize: 4, channels: 1, width: 6, depth: 1, heads: 2, hiddenWidth: 10,
      classes: 3)
    // Class token, five positions, the bias of the embedding, three norms, four biases, the head's.
    let expected = 6 + 5 * 6 + 6 + 3 * 12 + (18 + 6 + 10 + 6) + 3
    #expect(shape.network.otherParameters == expected)
  }
}
