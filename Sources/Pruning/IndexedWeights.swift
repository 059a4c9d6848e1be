import SparseKernels
import SparsityCore

/// The weights of one layer in one N:M pattern as files hold them: kept values and their indices.
///
/// Rows follow each other; in a row, groups from left to right; in a group, as many values as the
/// pattern keeps, by ascending index. An index counts within its group, in 2 bits for groups
/// of up to 4 and in 4 bits for larger ones, the first in the lowest bits of a byte; each row
/// begins with a new byte. A group with fewer nonzeros is filled up with zeros.
package struct IndexedWeights: Hashable, Sendable {
  /// The output features.
  package let outputs: Int
  /// The input features.
  package let inputs: Int
  package let pattern: NMPattern
  /// The kept values: (outputs × kept of a row).
  package let values: [Float]
  /// Their indices: (outputs × bytes of a row).
  package let indices: [UInt8]

  /// The bits of an index.
  package static func bits(of pattern: NMPattern) -> Int { pattern.groupSize <= 4 ? 2 : 4 }

  /// The bytes that the indices of one row take.
  package static func indexBytes(of pattern: NMPattern, inputs: Int) -> Int {
    (pattern.keptCount(ofInputs: inputs) * bits(of: pattern) + 7) / 8
  }

  /// Brings weights from the order of the kernels into that of files.
  ///
  /// - Complexity: O(kept weights).
  package init(_ weights: CompressedWeights) {
    let (outputs, inputs, pattern) = (weights.outputs, weights.inputs, weights.pattern)
    let bits = Self.bits(of: pattern)
    let rowBytes = Self.indexBytes(of: pattern, inputs: inputs)
    let rowCount = pattern.keptCount(ofInputs: inputs)
    var values = [Float](repeating: 0, count: outputs * rowCount)
    var indices = [UInt8](repeating: 0, count: outputs * rowBytes)
    CompressedWeights.forEachKept(outputs: outputs, inputs: inputs, pattern: pattern) { kept in
      values[kept.output * rowCount + kept.indexInRow] = weights.values[kept.index]
      // A block begins with a group.
      let inGroup = Int(weights.columns[kept.index]) % pattern.groupSize
      let position = kept.indexInRow * bits
      indices[kept.output * rowBytes + position / 8] |= UInt8(inGroup) << UInt8(position % 8)
    }
    self.outputs = outputs
    self.inputs = inputs
    self.pattern = pattern
    self.values = values
    self.indices = indices
  }

  /// The weights in the order of the kernels.
  ///
  /// - Complexity: O(kept weights).
  package var compressed: CompressedWeights {
    let bits = Self.bits(of: pattern)
    let rowBytes = Self.indexBytes(of: pattern, inputs: inputs)
    let rowCount = pattern.keptCount(ofInputs: inputs)
    var values = [Float](repeating: 0, count: self.values.count)
    var columns = [UInt8](repeating: 0, count: self.values.count)
    CompressedWeights.forEachKept(outputs: outputs, inputs: inputs, pattern: pattern) { kept in
      values[kept.index] = self.values[kept.output * rowCount + kept.indexInRow]
      let position = kept.indexInRow * bits
      let byte = indices[kept.output * rowBytes + position / 8]
      let inGroup = Int(byte >> UInt8(position % 8)) & (1 << bits - 1)
      // Every group but the last of a row keeps as many as the pattern says.
      let groupStart = kept.indexInRow / pattern.kept * pattern.groupSize
      columns[kept.index] = UInt8(groupStart - kept.blockStart + inGroup)
    }
    return CompressedWeights(
      outputs: outputs, inputs: inputs, pattern: pattern, values: values, columns: columns)
  }

  /// Restores weights from a file, or returns `nil` unless counts are right, indices ascend within
  /// each group, and values are finite.
  package init?(
    outputs: Int, inputs: Int, pattern: NMPattern, values: [Float], indices: [UInt8]
  ) {
    guard outputs > 0, inputs > 0 else { return nil }
    guard values.count == outputs * pattern.keptCount(ofInputs: inputs) else { return nil }
    guard indices.count == outputs * Self.indexBytes(of: pattern, inputs: inputs) else {
      return nil
    }
    guard values.allSatisfy(\.isFinite) else { return nil }
    self.outputs = outputs
    self.inputs = inputs
    self.pattern = pattern
    self.values = values
    self.indices = indices
    var isValid = true
    forEachIndex { found, previous, width, _, _ in
      if found >= width || previous.map({ $0 >= found }) == true { isValid = false }
    }
    guard isValid else { return nil }
  }

  /// Returns the row-major weights with zeros in place.
  ///
  /// - Complexity: O(weights).
  package func decompressed() -> [Float] {
    var weights = [Float](repeating: 0, count: outputs * inputs)
    forEachIndex { found, _, _, start, index in weights[start + found] = values[index] }
    return weights
  }

  /// Calls `body` with each kept index, the one before it in its group, the group's width and
  /// start, and the index of the value.
  private func forEachIndex(_ body: (Int, Int?, Int, Int, Int) -> Void) {
    let bits = Self.bits(of: pattern)
    let rowBytes = Self.indexBytes(of: pattern, inputs: inputs)
    var index = 0
    for output in 0..<outputs {
      var position = 0
      for start in stride(from: 0, to: inputs, by: pattern.groupSize) {
        let width = min(pattern.groupSize, inputs - start)
        var previous: Int?
        for _ in 0..<min(pattern.kept, width) {
          let byte = indices[output * rowBytes + position / 8]
          let found = Int(byte >> UInt8(position % 8)) & (1 << bits - 1)
          body(found, previous, width, output * inputs + start, index)
          previous = found
          position += bits
          index += 1
        }
      }
    }
  }
}
