import COneDNN
import SparsityCore

/// Products of dense layers with packed weights, for one thread.
///
/// oneDNN generates code for each size of a product when it first occurs; later products of the
/// size allocate nothing. An instance belongs to one thread at a time.
package struct DenseProducts: ~Copyable {
  private let stream = OneDNNStream()
  private var products: [ProductDescription: PreparedProduct] = [:]

  /// Creates an instance that knows no product yet.
  package init() {}

  /// Computes a dense layer of fp32 activations: y = x · Wᵀ + bias, or y = y + x · Wᵀ + bias.
  ///
  /// `x` is row-major `tokens` × inputs, `y` row-major `tokens` × outputs.
  ///
  /// - Precondition: the weights are fp32, and spans have exactly the counts that the sizes give.
  /// - Complexity: O(`tokens` · inputs · outputs).
  package mutating func multiply(
    _ weights: DenseWeights, by x: Span<Float>, tokens: Int, bias: Span<Float>?, adds: Bool,
    into y: inout MutableSpan<Float>
  ) {
    precondition(weights.format == .f32)
    run(weights, by: x, tokens: tokens, bias: bias, adds: adds, into: &y)
  }

  /// Computes a dense layer of bf16 activations, rounded to bf16: y = x · Wᵀ + bias.
  ///
  /// - Precondition: the weights are bf16, and spans have exactly the counts that the sizes give.
  package mutating func multiply(
    _ weights: DenseWeights, by x: Span<BF16>, tokens: Int, bias: Span<Float>?,
    into y: inout MutableSpan<BF16>
  ) {
    precondition(weights.format == .bf16)
    run(weights, by: x, tokens: tokens, bias: bias, adds: false, into: &y)
  }

  /// Adds a dense layer of bf16 activations to fp32 numbers: y = y + x · Wᵀ + bias.
  ///
  /// - Precondition: the weights are bf16, and spans have exactly the counts that the sizes give.
  package mutating func multiply(
    _ weights: DenseWeights, by x: Span<BF16>, tokens: Int, bias: Span<Float>?,
    addingTo y: inout MutableSpan<Float>
  ) {
    precondition(weights.format == .bf16)
    run(weights, by: x, tokens: tokens, bias: bias, adds: true, into: &y)
  }

  /// Multiplies activations and results of any elements; they are those of the weights' format.
  private mutating func run<Input: BitwiseCopyable, Output: BitwiseCopyable>(
    _ weights: DenseWeights, by x: Span<Input>, tokens: Int, bias: Span<Float>?, adds: Bool,
    into y: inout MutableSpan<Output>
  ) {
    precondition(x.count == tokens * weights.inputs)
    precondition(y.count == tokens * weights.outputs)
    let product = product(of: weights, tokens: tokens, bias: bias?.count, adds: adds)
    unsafe x.withUnsafeBytes { x in
      unsafe y.withUnsafeMutableBytes { y in
        unsafe product.run(weights, by: x, bias: bias, into: y, on: stream)
      }
    }
  }

  /// Returns the code for a product, generated now if this is the first of its size.
  private mutating func product(
    of weights: DenseWeights, tokens: Int, bias: Int?, adds: Bool
  ) -> PreparedProduct {
    precondition(tokens > 0)
    precondition(bias == nil || bias == weights.outputs)
    let description = ProductDescription(
      outputs: weights.outputs, inputs: weights.inputs, tokens: tokens, format: weights.format,
      hasBias: bias != nil, adds: adds)
    if let known = products[description] { return known }
    let product = PreparedProduct(description, weights: weights.layout)
    products[description] = product
    return product
  }
}

/// A product's code, with oneDNN's handles of its operands and the memory it needs beside them.
@safe private final class PreparedProduct {
  private let primitive: dnnl_primitive_t
  private let activations: OneDNNMemory
  private let weights: OneDNNMemory
  private let bias: OneDNNMemory
  private let results: OneDNNMemory
  private let scratchpad: OneDNNMemory
  private let scratch: PackedMemory
  private let arguments: [dnnl_exec_arg_t]

  /// Generates the code for weights of a layout.
  init(_ product: ProductDescription, weights layout: dnnl_memory_desc_t) {
    var (ofWeights, ofActivations, ofBias, ofResults) = (
      layout, product.activations(), product.bias(), product.results()
    )
    let description = unsafe product.primitiveDescription(weights: &ofWeights)
    defer { unsafe _ = dnnl_primitive_desc_destroy(description) }
    guard
      let ofScratch = unsafe dnnl_primitive_desc_query_md(
        description, dnnl_query_scratchpad_md, 0)
    else { preconditionFailure("oneDNN names no scratchpad") }
    var scratchLayout = unsafe ofScratch.pointee
    var made: dnnl_primitive_t?
    unsafe require(dnnl_primitive_create(&made, description))
    guard let made = unsafe made else { preconditionFailure("oneDNN made no primitive") }
    unsafe primitive = made
    activations = unsafe OneDNNMemory(&ofActivations, at: nil)
    weights = unsafe OneDNNMemory(&ofWeights, at: nil)
    bias = unsafe OneDNNMemory(&ofBias, at: nil)
    results = unsafe OneDNNMemory(&ofResults, at: nil)
    scratch = unsafe PackedMemory(size: dnnl_memory_desc_get_size(&scratchLayout))
    scratchpad = unsafe OneDNNMemory(&scratchLayout, at: scratch.start)
    var arguments = unsafe [
      dnnl_exec_arg_t(arg: DNNL_ARG_SRC, memory: activations.handle),
      dnnl_exec_arg_t(arg: DNNL_ARG_WEIGHTS, memory: weights.handle),
      dnnl_exec_arg_t(arg: DNNL_ARG_DST, memory: results.handle),
      dnnl_exec_arg_t(arg: DNNL_ARG_SCRATCHPAD, memory: scratchpad.handle),
    ]
    if product.hasBias {
      unsafe arguments.append(dnnl_exec_arg_t(arg: DNNL_ARG_BIAS, memory: bias.handle))
    }
    unsafe self.arguments = arguments
  }

  /// Multiplies; the operands have the sizes of the description.
  func run(
    _ weights: DenseWeights, by x: UnsafeRawBufferPointer, bias: Span<Float>?,
    into y: UnsafeMutableRawBufferPointer, on stream: OneDNNStream
  ) {
    unsafe activations.move(to: UnsafeMutableRawPointer(mutating: x.baseAddress))
    unsafe self.weights.move(to: weights.memory.start)
    unsafe results.move(to: y.baseAddress)
    guard let bias else {
      unsafe require(LinearAlgebra.run(primitive, on: stream, arguments))
      return
    }
    unsafe bias.withUnsafeBytes { bias in
      unsafe self.bias.move(to: UnsafeMutableRawPointer(mutating: bias.baseAddress))
      unsafe require(LinearAlgebra.run(primitive, on: stream, arguments))
    }
  }

  deinit { unsafe _ = dnnl_primitive_destroy(primitive) }
}
