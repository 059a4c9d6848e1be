import COneDNN

/// The weights of a dense layer in the layout that oneDNN multiplies fastest.
///
/// They are packed once and never change; threads share them.
package struct DenseWeights: Sendable {
  /// The output features.
  package let outputs: Int
  /// The input features.
  package let inputs: Int
  /// The number format.
  package let format: DenseFormat
  /// Where oneDNN finds each weight.
  let layout: dnnl_memory_desc_t
  let memory: PackedMemory

  /// Packs row-major `outputs` × `inputs` weights, rounded to bf16 if the format asks for it.
  ///
  /// - Precondition: sizes are positive and `weights` has as many values as they give.
  /// - Complexity: O(`outputs` · `inputs`).
  package init(_ weights: Span<Float>, outputs: Int, inputs: Int, format: DenseFormat) {
    precondition(outputs > 0 && inputs > 0)
    precondition(weights.count == outputs * inputs)
    self.outputs = outputs
    self.inputs = inputs
    self.format = format
    var layout = packedLayout(outputs: outputs, inputs: inputs, format: format)
    self.layout = layout
    self.memory = unsafe PackedMemory(size: dnnl_memory_desc_get_size(&layout))
    // Row-major outputs × inputs is the transpose of what the product takes.
    var plain = memoryLayout(
      sizes: [inputs, outputs], strides: [1, inputs], type: dnnl_f32)
    unsafe weights.withUnsafeBufferPointer { weights in
      let source = unsafe OneDNNMemory(
        &plain, at: UnsafeMutableRawPointer(mutating: weights.baseAddress))
      let target = unsafe OneDNNMemory(&layout, at: memory.start)
      reorder(from: source, to: target)
    }
  }

  /// The bytes that the packed weights take.
  package var size: Int { memory.size }
}

/// Returns the layout that oneDNN prefers for the weights of a layer.
///
/// The layout does not depend on the number of tokens; that many stand in here for a batch.
private func packedLayout(outputs: Int, inputs: Int, format: DenseFormat) -> dnnl_memory_desc_t {
  let tokens = 512
  let description = ProductDescription(
    outputs: outputs, inputs: inputs, tokens: tokens, format: format, hasBias: true, adds: false)
  return description.preferredWeights()
}

/// Packed weights in memory that is aligned for vector loads.
@safe final class PackedMemory: Sendable {
  /// The bytes.
  let size: Int
  /// The first byte. Nobody writes after the owner's initialiser, so that threads may share it.
  nonisolated(unsafe) let start: UnsafeMutableRawPointer

  /// Allocates memory that holds zeros.
  init(size: Int) {
    self.size = size
    unsafe self.start = .allocate(byteCount: max(size, 64), alignment: 64)
    unsafe start.initializeMemory(as: UInt8.self, repeating: 0, count: max(size, 64))
  }

  deinit { unsafe start.deallocate() }
}
