import SparsityCore

/// What a step of the forward pass computes.
public enum Work: Hashable, Sendable {
  /// A matrix product, some number of times for one batch.
  case product(MatrixProduct, count: Int, right: RightOperand)
  /// Functions that are applied to each element of a batch's tensor, one after another.
  case elementwise([VectorFunction], elements: Int)
}

/// One step of a model's forward pass.
public struct Operation: Hashable, Sendable {
  /// The step's name: timm's for layers with weights, `….scores` and `….context` for attention.
  public let name: String
  /// What it computes.
  public let work: Work
  /// Whether the product's weights may take an N:M pattern.
  public let isPrunable: Bool

  /// Creates a step.
  public init(name: String, work: Work, isPrunable: Bool = false) {
    switch work {
    case .product(_, let count, let right):
      precondition(count > 0)
      precondition(!isPrunable || (right == .weights && count == 1))
    case .elementwise(_, let elements):
      precondition(elements > 0)
      precondition(!isPrunable)
    }
    self.name = name
    self.work = work
    self.isPrunable = isPrunable
  }

  /// The product that runs, if it is one.
  public var product: MatrixProduct? {
    guard case .product(let product, _, _) = work else { return nil }
    return product
  }
}

/// The steps of a vision transformer's forward pass over one batch of images.
public struct Workload: Hashable, Sendable {
  /// The images of the batch.
  public let batch: Int
  /// The steps, in the order in which they run.
  public let operations: [Operation]
  /// The parameters that are no right operand of a product: biases, norms, positions, tokens.
  public let otherParameters: Int

  /// The batches that a workload may have.
  public static let batchRange = RunLimits.acceleratorBatchRange

  /// Creates the workload of a ViT or DeiT on a batch.
  ///
  /// - Throws: ``AcceleratorError/outOfRange(name:value:allowed:)`` for the batch.
  public init(shape: TransformerShape, batch: Int) throws(AcceleratorError) {
    try self.init(shape: .transformer(shape), batch: batch)
  }

  /// Creates the workload of a model on a batch.
  ///
  /// - Throws: ``AcceleratorError/outOfRange(name:value:allowed:)`` for the batch.
  public init(shape: ModelShape, batch: Int) throws(AcceleratorError) {
    guard Self.batchRange.contains(batch) else {
      throw .outOfRange(name: "the batch", value: batch, allowed: Self.batchRange)
    }
    var builder = WorkloadBuilder(batch: batch)
    switch shape {
    case .transformer(let shape): builder.append(shape)
    case .swin(let shape): builder.append(shape)
    }
    guard !builder.isTooLarge else { throw .tooLarge("the activations") }
    self.batch = batch
    operations = builder.operations
    otherParameters = builder.otherParameters
  }

  /// The bits that the largest step's operands and result take, when activations have some widths.
  ///
  /// - Throws: ``AcceleratorError/tooLarge(_:)`` beyond 64 bits.
  public func peakActivationBits(_ widths: OperandWidths) throws(AcceleratorError) -> Int64 {
    var peak: Int64 = 0
    for operation in operations {
      guard case .product(let product, let count, let right) = operation.work else { continue }
      let (m, k, n) = (
        Int128(product.tokens), Int128(product.inputs), Int128(product.outputs)
      )
      let inputs = m * k + (right == .activations ? k * n : 0)
      let bits = inputs * Int128(widths.activationBits) + m * n * Int128(widths.outputBits)
      peak = max(peak, try checked(bits * Int128(count), of: "the activations"))
    }
    return peak
  }
}

/// Collects the steps of a forward pass.
struct WorkloadBuilder {
  let batch: Int
  private(set) var operations: [Operation] = []
  private(set) var otherParameters = 0
  /// Whether a tensor has more elements than 64 bits can count.
  private(set) var isTooLarge = false

  init(batch: Int) {
    self.batch = batch
  }

  /// Adds a linear layer and what follows it in the vector unit.
  mutating func linear(
    _ name: String, tokens: Int, inputs: Int, outputs: Int, hasBias: Bool = true,
    isPrunable: Bool = false
  ) {
    let product = MatrixProduct(tokens: tokens, inputs: inputs, outputs: outputs)
    operations.append(
      Operation(
        name: name, work: .product(product, count: 1, right: .weights), isPrunable: isPrunable))
    elementwise(
      "\(name).output", hasBias ? [.bias, .requantize] : [.requantize],
      elements: tokens, outputs)
    if hasBias { otherParameters += outputs }
  }

  /// Adds the two products of attention with the softmax between them.
  mutating func attention(
    _ name: String, tokens: Int, headWidth: Int, count: Int, scoreFunctions: [VectorFunction]
  ) {
    let scores = MatrixProduct(tokens: tokens, inputs: headWidth, outputs: tokens)
    let context = MatrixProduct(tokens: tokens, inputs: tokens, outputs: headWidth)
    operations.append(
      Operation(
        name: "\(name).scores", work: .product(scores, count: count, right: .activations)))
    elementwise("\(name).softmax", scoreFunctions, elements: count, tokens, tokens)
    operations.append(
      Operation(
        name: "\(name).context", work: .product(context, count: count, right: .activations)))
  }

  /// Adds a layer normalisation.
  mutating func layerNorm(_ name: String, tokens: Int, width: Int) {
    elementwise(name, [.layerNorm], elements: tokens, width)
    otherParameters += 2 * width
  }

  /// Adds functions of each element.
  mutating func elementwise(_ name: String, _ functions: [VectorFunction], elements: Int...) {
    var product = 1
    for factor in elements {
      let (next, hasOverflowed) = product.multipliedReportingOverflow(by: factor)
      product = hasOverflowed ? 1 : next
      isTooLarge = isTooLarge || hasOverflowed
    }
    operations.append(Operation(name: name, work: .elementwise(functions, elements: product)))
  }

  /// Notes parameters that no step multiplies by.
  mutating func addParameters(_ count: Int) { otherParameters += count }
}

// MARK: - ViT and DeiT

extension WorkloadBuilder {
  /// Adds all steps of a ViT or DeiT.
  mutating func append(_ shape: TransformerShape) {
    let (width, tokens) = (shape.width, batch * shape.tokens)
    linear(
      "patch_embed.proj", tokens: batch * shape.patches, inputs: shape.patchValues,
      outputs: width)
    elementwise("pos_embed", [.add], elements: tokens, width)
    addParameters((shape.tokens + shape.extraTokens) * width)
    for block in 0..<shape.depth {
      let name = "blocks.\(block)"
      layerNorm("\(name).norm1", tokens: tokens, width: width)
      linear(
        "\(name).attn.qkv", tokens: tokens, inputs: width, outputs: 3 * width,
        hasBias: shape.hasQKVBias, isPrunable: true)
      attention(
        "\(name).attn", tokens: shape.tokens, headWidth: shape.headWidth,
        count: batch * shape.heads, scoreFunctions: [.softmax])
      linear(
        "\(name).attn.proj", tokens: tokens, inputs: width, outputs: width, isPrunable: true)
      elementwise("\(name).attn.add", [.add], elements: tokens, width)
      perceptron(name, tokens: tokens, width: width, hiddenWidth: shape.hiddenWidth)
    }
    layerNorm("norm", tokens: tokens, width: width)
    for name in shape.isDistilled ? ["head", "head_dist"] : ["head"] {
      linear(name, tokens: batch, inputs: width, outputs: shape.classes)
    }
  }

  /// Adds the second half of a block: norm2, fc1, GELU, fc2 and the residual.
  private mutating func perceptron(_ name: String, tokens: Int, width: Int, hiddenWidth: Int) {
    layerNorm("\(name).norm2", tokens: tokens, width: width)
    linear(
      "\(name).mlp.fc1", tokens: tokens, inputs: width, outputs: hiddenWidth, isPrunable: true)
    elementwise("\(name).mlp.act", [.gelu], elements: tokens, hiddenWidth)
    linear(
      "\(name).mlp.fc2", tokens: tokens, inputs: hiddenWidth, outputs: width, isPrunable: true)
    elementwise("\(name).mlp.add", [.add], elements: tokens, width)
  }
}

// MARK: - Swin

extension WorkloadBuilder {
  /// Adds all steps of a Swin transformer.
  mutating func append(_ shape: SwinShape) {
    let firstSide = shape.side(ofStage: 0)
    linear(
      "patch_embed.proj", tokens: batch * firstSide * firstSide, inputs: shape.patchValues,
      outputs: shape.embeddingWidth)
    layerNorm(
      "patch_embed.norm", tokens: batch * firstSide * firstSide, width: shape.embeddingWidth)
    for stage in shape.depths.indices {
      if stage > 0 { merge(into: stage, of: shape) }
      for block in 0..<shape.depths[stage] {
        append(block: block, stage: stage, of: shape)
      }
    }
    let side = shape.side(ofStage: shape.depths.count - 1)
    layerNorm("norm", tokens: batch * side * side, width: shape.finalWidth)
    elementwise("head.global_pool", [.add], elements: batch, side, side, shape.finalWidth)
    linear("head.fc", tokens: batch, inputs: shape.finalWidth, outputs: shape.classes)
  }

  /// Adds a block: attention in windows, which every second block shifts, and the perceptron.
  private mutating func append(block: Int, stage: Int, of shape: SwinShape) {
    let name = "layers.\(stage).blocks.\(block)"
    let (side, width) = (shape.side(ofStage: stage), shape.width(ofStage: stage))
    let (window, heads) = (shape.window(ofStage: stage), shape.heads[stage])
    let tokens = batch * side * side
    let windows = (side / window) * (side / window)
    // One window that holds the whole stage is never shifted.
    let isShifted = block % 2 == 1 && windows > 1
    let moves: [VectorFunction] = isShifted ? [.move, .move] : [.move]
    layerNorm("\(name).norm1", tokens: tokens, width: width)
    elementwise("\(name).attn.partition", moves, elements: tokens, width)
    linear(
      "\(name).attn.qkv", tokens: tokens, inputs: width, outputs: 3 * width, isPrunable: true)
    attention(
      "\(name).attn", tokens: window * window, headWidth: width / heads,
      count: batch * windows * heads,
      scoreFunctions: isShifted ? [.add, .add, .softmax] : [.add, .softmax])
    addParameters((2 * window - 1) * (2 * window - 1) * heads)
    linear("\(name).attn.proj", tokens: tokens, inputs: width, outputs: width, isPrunable: true)
    elementwise("\(name).attn.reverse", moves, elements: tokens, width)
    elementwise("\(name).attn.add", [.add], elements: tokens, width)
    perceptron(name, tokens: tokens, width: width, hiddenWidth: shape.hiddenRatio * width)
  }

  /// Adds the patch merging before a stage: four neighbours become one token of twice the width.
  private mutating func merge(into stage: Int, of shape: SwinShape) {
    let name = "layers.\(stage).downsample"
    let (side, width) = (shape.side(ofStage: stage), shape.width(ofStage: stage))
    let tokens = batch * side * side
    elementwise("\(name).gather", [.move], elements: tokens, 2, width)
    layerNorm("\(name).norm", tokens: tokens, width: 2 * width)
    linear(
      "\(name).reduction", tokens: tokens, inputs: 2 * width, outputs: width, hasBias: false)
  }
}
