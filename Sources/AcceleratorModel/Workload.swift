import SparsityCore

/// One step of a model's forward pass: a matrix product that runs some number of times.
public struct Operation: Hashable, Sendable {
  /// The step's name: timm's for layers with weights, `….scores` and `….context` for attention.
  public let name: String
  /// The product that runs.
  public let product: MatrixProduct
  /// How often it runs for one batch, such as once per image and attention head.
  public let count: Int
  /// Whether the product's weights may take an N:M pattern.
  public let isPrunable: Bool

  /// Creates a step.
  public init(name: String, product: MatrixProduct, count: Int, isPrunable: Bool) {
    precondition(count > 0)
    self.name = name
    self.product = product
    self.count = count
    self.isPrunable = isPrunable
  }
}

/// The matrix products of a vision transformer's forward pass over one batch of images.
///
/// LayerNorm, softmax, GELU and additions are not among them: they need no multiplication of
/// matrices and the systolic engine does not model them.
public struct Workload: Hashable, Sendable {
  /// The images of the batch.
  public let batch: Int
  /// The steps, in the order in which they run.
  public let operations: [Operation]

  /// The batches that a workload may have.
  public static let batchRange = 1...1_000_000

  /// Creates the workload of a model on a batch.
  ///
  /// - Throws: ``AcceleratorError/outOfRange(name:value:allowed:)`` for the batch.
  public init(shape: TransformerShape, batch: Int) throws(AcceleratorError) {
    guard Self.batchRange.contains(batch) else {
      throw .outOfRange(name: "the batch", value: batch, allowed: Self.batchRange)
    }
    self.batch = batch
    var operations = [
      Operation(
        name: "patch_embed.proj",
        product: MatrixProduct(
          tokens: batch * shape.patches, inputs: shape.patchValues, outputs: shape.width),
        count: 1, isPrunable: false)
    ]
    let layers = shape.prunableLayers
    precondition(layers.count == 4 * shape.depth)
    for block in 0..<shape.depth {
      operations += Self.block(
        block, layers: Array(layers[4 * block..<4 * block + 4]), shape: shape, batch: batch)
    }
    for name in shape.isDistilled ? ["head", "head_dist"] : ["head"] {
      let product = MatrixProduct(tokens: batch, inputs: shape.width, outputs: shape.classes)
      operations.append(Operation(name: name, product: product, count: 1, isPrunable: false))
    }
    self.operations = operations
  }

  /// Returns the steps of one block: qkv, the two products of attention, proj, fc1, fc2.
  private static func block(
    _ index: Int, layers: [PrunableLayer], shape: TransformerShape, batch: Int
  ) -> [Operation] {
    let tokens = shape.tokens
    let linears = layers.map { layer in
      Operation(
        name: layer.name,
        product: MatrixProduct(
          tokens: batch * tokens, inputs: layer.inputs, outputs: layer.outputs),
        count: 1, isPrunable: true)
    }
    let scores = Operation(
      name: "blocks.\(index).attn.scores",
      product: MatrixProduct(tokens: tokens, inputs: shape.headWidth, outputs: tokens),
      count: batch * shape.heads, isPrunable: false)
    let context = Operation(
      name: "blocks.\(index).attn.context",
      product: MatrixProduct(tokens: tokens, inputs: tokens, outputs: shape.headWidth),
      count: batch * shape.heads, isPrunable: false)
    return [linears[0], scores, context, linears[1], linears[2], linears[3]]
  }
}
