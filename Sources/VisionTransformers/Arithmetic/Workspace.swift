import LinearAlgebra
import NetworkArchitectures
import SparseKernels
import SparsityCore

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

  /// Allocates what a network needs for products of inputs and outputs of so many numbers at most.
  init(
    network: Network, packing: LayerPacking, attentionScratch: Int, wideInputCount: Int,
    wideOutputCount: Int
  ) {
    let scratchCounts = network.prunableLayers.map {
      scratchCount(outputs: $0.outputs, inputs: $0.inputs)
    }
    scratch = Array(
      repeating: 0, count: max(attentionScratch, scratchCounts.max() ?? 0))
    let isEmulated = packing.precision == .bf16 && packing.denseFormat == .f32
    wideInput = Array(repeating: 0, count: isEmulated ? wideInputCount : 0)
    wideOutput = Array(repeating: 0, count: isEmulated ? wideOutputCount : 0)
  }
}
