import NetworkArchitectures
import SparsityCore

/// What a step of the forward pass computes.
package enum Work: Hashable, Sendable {
  /// A matrix product, some number of times for one batch.
  case product(MatrixProduct, count: Int, right: RightOperand)
  /// Functions that are applied to each element of a batch's tensor, one after another.
  case elementwise([VectorFunction], elements: Int)
}

/// One step of a model's forward pass.
package struct Operation: Hashable, Sendable {
  /// The step's name: timm's for layers with weights, `….scores` and `….context` for attention.
  package let name: String
  /// What it computes.
  package let work: Work
  /// Whether the product's weights may take an N:M pattern.
  package let isPrunable: Bool

  /// Creates a step.
  package init(name: String, work: Work, isPrunable: Bool = false) {
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
  package var product: MatrixProduct? {
    guard case .product(let product, _, _) = work else { return nil }
    return product
  }
}

/// The steps of a network's forward pass over one batch of images.
package struct Workload: Hashable, Sendable {
  /// The images of the batch.
  package let batch: Int
  /// The steps, in the order in which they run.
  package let operations: [Operation]
  /// The parameters that are no right operand of a product: biases, norms, positions, tokens.
  package let otherParameters: Int

  /// The batches that a workload may have.
  package static let batchRange = RunLimits.acceleratorBatchRange

  /// Creates the workload of a network on a batch.
  ///
  /// - Throws: ``AcceleratorError/outOfRange(name:value:allowed:)`` for the batch.
  package init(network: Network, batch: Int) throws(AcceleratorError) {
    guard Self.batchRange.contains(batch) else {
      throw .outOfRange(name: "the batch", value: batch, allowed: Self.batchRange)
    }
    self.batch = batch
    otherParameters = network.otherParameters
    operations = try network.operations.map { (operation) throws(AcceleratorError) in
      try Operation(operation, batch: batch)
    }
  }

  /// The bits that the largest step's operands and result take, when activations have some widths.
  ///
  /// - Throws: ``AcceleratorError/tooLarge(_:)`` beyond 64 bits.
  package func peakActivationBits(_ widths: OperandWidths) throws(AcceleratorError) -> Int64 {
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

extension Operation {
  /// Scales a network's step to a batch of images.
  ///
  /// - Throws: ``AcceleratorError/tooLarge(_:)`` if a tensor has more elements than 64 bits count.
  fileprivate init(_ operation: NetworkOperation, batch: Int) throws(AcceleratorError) {
    let work: Work
    switch operation.work {
    case .linear(let linear):
      let product = MatrixProduct(
        tokens: batch * linear.rows, inputs: linear.inputs, outputs: linear.outputs)
      work = .product(product, count: 1, right: .weights)
    case .activationProduct(let rows, let inputs, let outputs, let count):
      let product = MatrixProduct(tokens: rows, inputs: inputs, outputs: outputs)
      work = .product(product, count: batch * count, right: .activations)
    case .elementwise(let functions, let sizes):
      var elements = batch
      for size in sizes {
        elements = Int(try checkedProduct(elements, size, 1, of: "the activations"))
      }
      work = .elementwise(functions, elements: elements)
    }
    self.init(name: operation.name, work: work, isPrunable: operation.prunableLayer != nil)
  }
}
