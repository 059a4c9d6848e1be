import SparsityCore

/// Collects a network step by step: each call adds the tensors, the operations and the layers of
/// one part, so that an architecture is written down once.
package struct NetworkBuilder {
  private var tensors: [TensorDescription] = []
  private var operations: [NetworkOperation] = []
  private var blocks: [NetworkBlock] = []
  private var prunableLayers: [PrunableLayer] = []

  /// How the ELSA paper counts a step.
  package enum PaperCount {
    case bySize
    /// Not at all.
    case none
    /// As this number, where the published code counts otherwise.
    case exactly(Int128)
  }

  /// Creates a builder of a network without parts.
  package init() {}

  /// Adds a tensor that no layer holds.
  package mutating func tensor(_ name: String, _ shape: [Int]) {
    tensors.append(TensorDescription(name: name, shape: shape))
  }

  /// Adds a linear layer and what follows it in the vector unit.
  ///
  /// - Parameters:
  ///   - rows: The rows of one image.
  ///   - weightShape: The shape of the weights in the checkpoint; (outputs × inputs) without it.
  package mutating func linear(
    _ name: String, rows: Int, inputs: Int, outputs: Int, hasBias: Bool = true,
    weightShape: [Int]? = nil, paper: PaperCount = .bySize
  ) {
    linear(
      name, LinearWork(rows: rows, inputs: inputs, outputs: outputs), hasBias: hasBias,
      weightShape: weightShape, prunableLayer: nil, paper: paper)
  }

  private mutating func linear(
    _ name: String, _ work: LinearWork, hasBias: Bool, weightShape: [Int]?, prunableLayer: Int?,
    paper: PaperCount
  ) {
    tensor("\(name).weight", weightShape ?? [work.outputs, work.inputs])
    if hasBias { tensor("\(name).bias", [work.outputs]) }
    add(
      name, .linear(work), prunableLayer: prunableLayer, paper: paper,
      size: [work.rows, work.inputs, work.outputs])
    elementwise(
      "\(name).output", hasBias ? [.bias, .requantize] : [.requantize],
      sizes: [work.rows, work.outputs])
  }

  /// Adds a layer normalisation with scale and shift.
  package mutating func layerNorm(
    _ name: String, rows: Int, width: Int, paper: PaperCount = .bySize
  ) {
    tensor("\(name).weight", [width])
    tensor("\(name).bias", [width])
    add(
      name, .elementwise([.layerNorm], sizes: [rows, width]), paper: paper, size: [rows, width])
  }

  /// Adds functions of each element.
  package mutating func elementwise(
    _ name: String, _ functions: [VectorFunction], sizes: [Int]
  ) {
    add(name, .elementwise(functions, sizes: sizes), paper: .none, size: [])
  }

  /// Adds the two products of attention with the softmax between them, in `count` heads and
  /// windows.
  package mutating func attention(
    _ name: String, tokens: Int, headWidth: Int, count: Int, scoreFunctions: [VectorFunction]
  ) {
    let size = [count, tokens, tokens, headWidth]
    add(
      "\(name).scores",
      .activationProduct(rows: tokens, inputs: headWidth, outputs: tokens, count: count),
      paper: .bySize, size: size)
    elementwise("\(name).softmax", scoreFunctions, sizes: [count, tokens, tokens])
    add(
      "\(name).context",
      .activationProduct(rows: tokens, inputs: tokens, outputs: headWidth, count: count),
      paper: .bySize, size: size)
  }

  /// Adds a block; `body` adds its parts and its prunable layers.
  package mutating func block(
    _ name: String, tokens: Int, width: Int, heads: Int, hiddenWidth: Int,
    _ body: (inout BlockBuilder) -> Void
  ) {
    var block = BlockBuilder(
      network: self, name: name, tokens: tokens, width: width, hiddenWidth: hiddenWidth)
    let firstLayer = prunableLayers.count
    body(&block)
    self = block.network
    blocks.append(
      NetworkBlock(
        name: name, tokens: tokens, width: width, heads: heads, hiddenWidth: hiddenWidth,
        roles: block.roles, firstLayer: firstLayer))
  }

  /// Returns the network of all parts.
  package func network(input: NetworkInput, classes: Int) -> Network {
    Network(
      input: input, classes: classes, tensors: tensors, operations: operations, blocks: blocks,
      prunableLayers: prunableLayers)
  }

  private mutating func add(
    _ name: String, _ work: NetworkWork, prunableLayer: Int? = nil, paper: PaperCount, size: [Int]
  ) {
    let macs: Int128 =
      switch paper {
      case .bySize: size.isEmpty ? 0 : size.reduce(1) { $0 * Int128($1) }
      case .none: 0
      case .exactly(let count): count
      }
    operations.append(
      NetworkOperation(name: name, work: work, prunableLayer: prunableLayer, paperMacs: macs))
  }
}

/// Collects the parts of one block, whose names begin with the block's.
package struct BlockBuilder {
  /// What is built of the network.
  package var network: NetworkBuilder
  fileprivate let name: String
  fileprivate let tokens: Int
  fileprivate let width: Int
  fileprivate let hiddenWidth: Int
  fileprivate var roles: [LayerRole] = []

  /// Returns the name in timm of a part of the block.
  package func name(of part: String) -> String { "\(name).\(part)" }

  /// Adds the prunable layer of a role, on all tokens of the block.
  package mutating func linear(_ role: LayerRole, inputs: Int, outputs: Int, hasBias: Bool = true) {
    roles.append(role)
    network.prunable(
      name(of: role.rawValue), LinearWork(rows: tokens, inputs: inputs, outputs: outputs),
      hasBias: hasBias)
  }

  /// Adds the norm, the two layers of the perceptron with the activation between them, and the
  /// residual.
  package mutating func perceptron(hasBias: Bool = true) {
    network.layerNorm(name(of: "norm2"), rows: tokens, width: width)
    linear(.fc1, inputs: width, outputs: hiddenWidth, hasBias: hasBias)
    network.elementwise(name(of: "mlp.act"), [.gelu], sizes: [tokens, hiddenWidth])
    linear(.fc2, inputs: hiddenWidth, outputs: width, hasBias: hasBias)
    network.elementwise(name(of: "mlp.add"), [.add], sizes: [tokens, width])
  }
}

extension NetworkBuilder {
  /// Adds a linear layer whose weights may be pruned.
  fileprivate mutating func prunable(_ name: String, _ work: LinearWork, hasBias: Bool) {
    let place = prunableLayers.count
    prunableLayers.append(PrunableLayer(name: name, inputs: work.inputs, outputs: work.outputs))
    linear(
      name, work, hasBias: hasBias, weightShape: nil, prunableLayer: place, paper: .bySize)
  }
}
