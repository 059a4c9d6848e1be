import CSparseKernels
import SparsityCore

/// The weights of one layer in one N:M pattern: kept values and their places, without the zeros.
///
/// The form is the one the kernels read: inputs are cut into blocks of whole groups, and each block
/// holds the kept weights of output 0, of output 1 and so on. A value takes four bytes, its place
/// within the block one. Instances are immutable, so that all threads share one copy.
public struct CompressedWeights: Sendable {
  /// The output features.
  public let outputs: Int
  /// The input features.
  public let inputs: Int
  /// The pattern that all groups keep to.
  public let pattern: NMPattern
  /// The kept weights, block by block; a group with fewer nonzeros is filled with zeros.
  package let values: [Float]
  /// The place of each kept weight within its block, ascending for each output.
  package let columns: [UInt8]

  /// Compresses row-major `outputs` × `inputs` weights whose pruned values are zero.
  ///
  /// - Throws: ``SparseKernelError`` if a group has more nonzeros than the pattern keeps.
  /// - Precondition: `weights` has `outputs` · `inputs` values.
  /// - Complexity: O(`outputs` · `inputs`).
  public init(
    pruned weights: Span<Float>, outputs: Int, inputs: Int, pattern: NMPattern
  ) throws(SparseKernelError) {
    precondition(outputs > 0 && inputs > 0)
    precondition(weights.count == outputs * inputs)
    let blockInputs = Self.blockInputs(of: pattern)
    let count = outputs * pattern.keptCount(ofInputs: inputs)
    var values: [Float] = []
    var columns: [UInt8] = []
    values.reserveCapacity(count)
    columns.reserveCapacity(count)
    for blockStart in stride(from: 0, to: inputs, by: blockInputs) {
      let blockEnd = min(blockStart + blockInputs, inputs)
      for output in 0..<outputs {
        for groupStart in stride(from: blockStart, to: blockEnd, by: pattern.groupSize) {
          let group = groupStart..<min(groupStart + pattern.groupSize, blockEnd)
          let row = output * inputs
          var nonzeros = 0
          for input in group where weights[row + input] != 0 { nonzeros += 1 }
          let kept = min(pattern.kept, group.count)
          guard nonzeros <= kept else {
            throw .tooManyNonzeros(
              output: output, firstInput: groupStart, found: nonzeros, pattern: pattern)
          }
          var fillers = kept - nonzeros
          for input in group {
            let value = weights[row + input]
            if value == 0 {
              guard fillers > 0 else { continue }
              fillers -= 1
            }
            values.append(value)
            columns.append(UInt8(input - blockStart))
          }
        }
      }
    }
    precondition(values.count == count)
    self.outputs = outputs
    self.inputs = inputs
    self.pattern = pattern
    self.values = values
    self.columns = columns
  }

  /// The bytes that values and places take.
  public var size: Int { values.count * MemoryLayout<Float>.size + columns.count }

  /// Returns the row-major weights with zeros in place.
  ///
  /// - Complexity: O(`outputs` · `inputs`).
  public func decompressed() -> [Float] {
    var weights = [Float](repeating: 0, count: outputs * inputs)
    let blockInputs = Self.blockInputs(of: pattern)
    var place = 0
    for blockStart in stride(from: 0, to: inputs, by: blockInputs) {
      let kept = pattern.keptCount(ofInputs: min(blockInputs, inputs - blockStart))
      for output in 0..<outputs {
        for _ in 0..<kept {
          weights[output * inputs + blockStart + Int(columns[place])] = values[place]
          place += 1
        }
      }
    }
    return weights
  }

  /// Returns the inputs of a full block.
  private static func blockInputs(of pattern: NMPattern) -> Int {
    csk_f32_nm_block_inputs(pattern.groupSize)
  }
}
