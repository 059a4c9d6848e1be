import LinearAlgebra
import NetworkArchitectures
import SparseKernels
import SparsityCore

/// The numbers between two operations of a pass, in the number format of the pass.
///
/// One of the two arrays holds them, the other is empty.
struct Activations {
  /// The numbers of a pass in fp32.
  var f32: [Float] = []
  /// The bits of the numbers of a pass in bf16.
  var bf16: [UInt16] = []

  /// Allocates zeros.
  init(count: Int, precision: Precision) {
    switch precision {
    case .f32: f32 = Array(repeating: 0, count: count)
    case .bf16: bf16 = Array(repeating: 0, count: count)
    }
  }
}

/// What the products of a pass need beside their operands; belongs to one thread.
struct Workspace: ~Copyable {
  /// The dense products that have occurred.
  var products = DenseProducts()
  /// The scratch of the sparse kernels and of the attention.
  var scratch: [Float]
  /// The operands of a dense product in bf16 that is computed in fp32.
  var wideInput: [Float]
  /// The result of such a product.
  var wideOutput: [Float]

  /// Allocates what a network needs for passes of up to `rows` tokens.
  init(
    network: Network, packing: LayerPacking, attention: AttentionShape, rows: Int,
    widestInput: Int, widestOutput: Int
  ) {
    let scratchCounts = network.prunableLayers.map {
      scratchCount(outputs: $0.outputs, inputs: $0.inputs)
    }
    scratch = Array(
      repeating: 0, count: max(attention.scratchCount, scratchCounts.max() ?? 0))
    let isEmulated = packing.precision == .bf16 && packing.denseFormat == .f32
    wideInput = Array(repeating: 0, count: isEmulated ? rows * widestInput : 0)
    wideOutput = Array(repeating: 0, count: isEmulated ? rows * widestOutput : 0)
  }
}
