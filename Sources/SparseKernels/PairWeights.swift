import CSparseKernels
import SparsityCore

/// The weights of one layer in one N:M pattern, in bf16 and taken two by two.
///
/// This is the form for processors that multiply pairs of bf16 numbers: the inputs of each pair are
/// among the few pairs whose activations the kernel lays side by side. A pair takes four bytes, its
/// place two. Instances are immutable, so that all threads share one copy.
package struct PairWeights: Sendable {
  /// The output features.
  package let outputs: Int
  /// The input features.
  package let inputs: Int
  /// The pattern that all groups keep to.
  package let pattern: NMPattern
  /// The two weights of each pair, that of the lower input in the low half.
  package let values: [UInt32]
  /// The index of each pair's activations in its block.
  package let indices: [UInt16]

  /// Rounds weights to bf16 and pairs them, or returns `nil` for a pattern that no pairing serves.
  ///
  /// Groups of 4 and 8 are served but for 4:4, 7:8 and 8:8. Within eight inputs, an odd number of
  /// weights and a group with fewer than its pattern keeps are filled up with zeros.
  ///
  /// - Complexity: O(outputs · inputs).
  package init?(_ weights: CompressedWeights) {
    let pattern = weights.pattern
    guard let pairing = Pairing(of: pattern) else { return nil }
    let (outputs, inputs) = (weights.outputs, weights.inputs)
    let dense = weights.decompressed()
    let steps = (inputs + Pairing.step - 1) / Pairing.step
    let count = outputs * steps * pairing.kept / 2
    var values: [UInt32] = []
    var indices: [UInt16] = []
    values.reserveCapacity(count)
    indices.reserveCapacity(count)
    for blockStart in stride(from: 0, to: inputs, by: pairing.blockInputs) {
      let blockEnd = min(blockStart + pairing.blockInputs, inputs)
      for output in 0..<outputs {
        for start in stride(from: blockStart, to: blockEnd, by: Pairing.step) {
          let end = min(start + Pairing.step, inputs)
          let row = dense.span.extracting(output * inputs + start..<output * inputs + end)
          let firstSlot = (start - blockStart) / Pairing.step * pairing.pairs.count
          for slot in pairing.slots(of: pairing.completedMask(of: row)) {
            let (lower, higher) = pairing.pairs[slot]
            let low = lower < row.count ? BF16(rounding: row[lower]).bits : 0
            let high = higher < row.count ? BF16(rounding: row[higher]).bits : 0
            values.append(UInt32(low) | UInt32(high) << 16)
            indices.append(UInt16(firstSlot + slot) * Pairing.unitsPerSlot)
          }
        }
      }
    }
    precondition(values.count == count)
    self.outputs = outputs
    self.inputs = inputs
    self.pattern = pattern
    self.values = values
    self.indices = indices
  }

  /// The bytes that values and indices take.
  package var size: Int { values.count * 4 + indices.count * 2 }

  /// Lends the C form of the weights.
  func withCWeights(_ body: (UnsafePointer<csk_bf16_pair_weights>) -> Void) {
    guard let pairing = unsafe csk_pairing_of(pattern.kept, pattern.groupSize) else {
      preconditionFailure("\(pattern) has no pairing")
    }
    unsafe withStart(of: values.span) { values in
      unsafe withStart(of: indices.span) { indices in
        let cWeights = unsafe csk_bf16_pair_weights(
          values: values, indices: indices, pairing: pairing, outputs: outputs, inputs: inputs)
        unsafe withUnsafePointer(to: cWeights, body)
      }
    }
  }
}
