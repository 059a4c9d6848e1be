import CSparseKernels
import SparsityCore

/// The weights of one layer in one N:M pattern: kept values and their indices, without the zeros.
///
/// The form is the one the kernels read: inputs are cut into blocks of whole groups, and each block
/// holds the kept weights of output 0, of output 1 and so on. A value takes four bytes, its index
/// within the block one. Instances are immutable, so that all threads share one copy.
package struct CompressedWeights: Sendable {
  /// The output features.
  package let outputs: Int
  /// The input features.
  package let inputs: Int
  /// The pattern that all groups keep to.
  package let pattern: NMPattern
  /// The kept weights, block by block; a group with fewer nonzeros is filled with zeros.
  package let values: [Float]
  /// The index of each kept weight within its block, ascending for each output.
  package let columns: [UInt8]

  /// Compresses row-major `outputs` × `inputs` weights whose pruned values are zero.
  ///
  /// - Throws: ``SparseKernelError`` if a group has more nonzeros than the pattern keeps.
  /// - Precondition: `weights` has `outputs` · `inputs` values.
  /// - Complexity: O(`outputs` · `inputs`).
  package init(
    pruned weights: Span<Float>, outputs: Int, inputs: Int, pattern: NMPattern
  ) throws(SparseKernelError) {
    precondition(outputs > 0 && inputs > 0)
    precondition(weights.count == outputs * inputs)
    let count = outputs * pattern.keptCount(ofInputs: inputs)
    // One place more, so that a dropped weight can be written and overwritten.
    var values = [Float](repeating: 0, count: count + 1)
    var columns = [UInt8](repeating: 0, count: count + 1)
    var valueSpan = values.mutableSpan
    var columnSpan = columns.mutableSpan
    var place = 0
    let blockInputs = Self.blockInputs(of: pattern)
    for blockStart in stride(from: 0, to: inputs, by: blockInputs) {
      let blockEnd = min(blockStart + blockInputs, inputs)
      for output in 0..<outputs {
        for start in stride(from: blockStart, to: blockEnd, by: pattern.groupSize) {
          let end = min(start + pattern.groupSize, blockEnd)
          let group = weights.extracting(output * inputs + start..<output * inputs + end)
          let nonzeros = packGroup(
            group, column: start - blockStart, kept: pattern.kept, values: &valueSpan,
            columns: &columnSpan, place: &place)
          guard nonzeros <= pattern.kept else {
            throw .tooManyNonzeros(
              output: output, firstInput: start, found: nonzeros, pattern: pattern)
          }
        }
      }
    }
    precondition(place == count)
    values.removeLast()
    columns.removeLast()
    self.outputs = outputs
    self.inputs = inputs
    self.pattern = pattern
    self.values = values
    self.columns = columns
  }

  /// Creates weights from their parts, in the order of the kernels.
  ///
  /// - Precondition: columns ascend for each output of a block and keep to the pattern.
  package init(
    outputs: Int, inputs: Int, pattern: NMPattern, values: [Float], columns: [UInt8]
  ) {
    precondition(values.count == outputs * pattern.keptCount(ofInputs: inputs))
    precondition(columns.count == values.count)
    self.outputs = outputs
    self.inputs = inputs
    self.pattern = pattern
    self.values = values
    self.columns = columns
  }

  /// The bytes that values and indices take.
  package var size: Int { values.count * MemoryLayout<Float>.size + columns.count }

  /// Returns the row-major weights with zeros in place.
  ///
  /// - Complexity: O(`outputs` · `inputs`).
  package func decompressed() -> [Float] {
    var weights = [Float](repeating: 0, count: outputs * inputs)
    Self.forEachKept(outputs: outputs, inputs: inputs, pattern: pattern) { kept in
      let column = kept.blockStart + Int(columns[kept.index])
      weights[kept.output * inputs + column] = values[kept.index]
    }
    return weights
  }

  /// Returns the weights with each output multiplied by a factor; the same ones stay kept.
  ///
  /// - Precondition: there is a factor for each output.
  /// - Complexity: O(kept weights).
  package func scaled(by factors: [Float]) -> CompressedWeights {
    precondition(factors.count == outputs)
    var scaled = values
    Self.forEachKept(outputs: outputs, inputs: inputs, pattern: pattern) { kept in
      scaled[kept.index] *= factors[kept.output]
    }
    return CompressedWeights(
      outputs: outputs, inputs: inputs, pattern: pattern, values: scaled, columns: columns)
  }

  /// Where a kept weight stands.
  package struct Kept {
    /// Its index among all kept weights, in the order of the kernels.
    package let index: Int
    package let output: Int
    /// Its index among the kept weights of its output, by ascending input.
    package let indexInRow: Int
    /// The first input of its block.
    package let blockStart: Int
  }

  /// Calls `body` with each kept weight of a layer, in the order of the kernels.
  package static func forEachKept(
    outputs: Int, inputs: Int, pattern: NMPattern, _ body: (Kept) -> Void
  ) {
    let blockInputs = blockInputs(of: pattern)
    var index = 0
    var before = 0
    for blockStart in stride(from: 0, to: inputs, by: blockInputs) {
      let kept = pattern.keptCount(ofInputs: min(blockInputs, inputs - blockStart))
      for output in 0..<outputs {
        for offset in 0..<kept {
          body(
            Kept(
              index: index, output: output, indexInRow: before + offset, blockStart: blockStart))
          index += 1
        }
      }
      before += kept
    }
  }

  /// Returns the inputs of a full block.
  private static func blockInputs(of pattern: NMPattern) -> Int {
    csk_f32_nm_block_inputs(pattern.groupSize)
  }
}

/// Writes a group's nonzeros from `place` on, filled up with its first zeros to what a pattern
/// keeps, and returns how many nonzeros there are.
///
/// Nothing is written if there are more than `kept`. Otherwise one place behind the written ones is
/// overwritten: storing every weight and moving on past some is faster than branching.
private func packGroup(
  _ group: Span<Float>, column: Int, kept: Int, values: inout MutableSpan<Float>,
  columns: inout MutableSpan<UInt8>, place: inout Int
) -> Int {
  var nonzeros = 0
  for index in 0..<group.count { nonzeros += group[index] != 0 ? 1 : 0 }
  guard nonzeros <= kept else { return nonzeros }
  var fillers = min(kept, group.count) - nonzeros
  for index in 0..<group.count {
    let isNonzero = group[index] != 0
    let isFiller = !isNonzero && fillers > 0
    values[place] = group[index]
    columns[place] = UInt8(truncatingIfNeeded: column + index)
    place += isNonzero || isFiller ? 1 : 0
    fillers -= isFiller ? 1 : 0
  }
  return nonzeros
}
