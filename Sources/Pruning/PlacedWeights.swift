import SparseKernels
import SparsityCore

/// The weights of one layer in one N:M pattern as files hold them: kept values and their places.
///
/// Rows follow each other; in a row, groups from left to right; in a group, as many values as the
/// pattern keeps, by ascending place. A place is the index within its group, in 2 bits for groups
/// of up to 4 and in 4 bits for larger ones, the first in the lowest bits of a byte; each row
/// begins with a new byte. A group with fewer nonzeros is filled up with zeros.
public struct PlacedWeights: Hashable, Sendable {
  /// The output features.
  public let outputs: Int
  /// The input features.
  public let inputs: Int
  /// The pattern.
  public let pattern: NMPattern
  /// The kept values: (outputs × kept of a row).
  public let values: [Float]
  /// Their places: (outputs × bytes of a row).
  public let places: [UInt8]

  /// The bits of a place.
  public static func bits(of pattern: NMPattern) -> Int { pattern.groupSize <= 4 ? 2 : 4 }

  /// The bytes that the places of one row take.
  public static func placeBytes(of pattern: NMPattern, inputs: Int) -> Int {
    (pattern.keptCount(ofInputs: inputs) * bits(of: pattern) + 7) / 8
  }

  /// Brings weights from the order of the kernels into that of files.
  ///
  /// - Complexity: O(kept weights).
  public init(_ weights: CompressedWeights) {
    let (outputs, inputs, pattern) = (weights.outputs, weights.inputs, weights.pattern)
    let bits = Self.bits(of: pattern)
    let rowBytes = Self.placeBytes(of: pattern, inputs: inputs)
    let rowCount = pattern.keptCount(ofInputs: inputs)
    var values = [Float](repeating: 0, count: outputs * rowCount)
    var places = [UInt8](repeating: 0, count: outputs * rowBytes)
    CompressedWeights.forEachPlace(outputs: outputs, inputs: inputs, pattern: pattern) { place in
      values[place.output * rowCount + place.indexInRow] = weights.values[place.index]
      // A block begins with a group.
      let inGroup = Int(weights.columns[place.index]) % pattern.groupSize
      let position = place.indexInRow * bits
      places[place.output * rowBytes + position / 8] |= UInt8(inGroup) << UInt8(position % 8)
    }
    self.outputs = outputs
    self.inputs = inputs
    self.pattern = pattern
    self.values = values
    self.places = places
  }

  /// The weights in the order of the kernels.
  ///
  /// - Complexity: O(kept weights).
  public var compressed: CompressedWeights {
    let bits = Self.bits(of: pattern)
    let rowBytes = Self.placeBytes(of: pattern, inputs: inputs)
    let rowCount = pattern.keptCount(ofInputs: inputs)
    var values = [Float](repeating: 0, count: self.values.count)
    var columns = [UInt8](repeating: 0, count: self.values.count)
    CompressedWeights.forEachPlace(outputs: outputs, inputs: inputs, pattern: pattern) { place in
      values[place.index] = self.values[place.output * rowCount + place.indexInRow]
      let position = place.indexInRow * bits
      let byte = places[place.output * rowBytes + position / 8]
      let inGroup = Int(byte >> UInt8(position % 8)) & (1 << bits - 1)
      // Every group but the last of a row keeps as many as the pattern says.
      let groupStart = place.indexInRow / pattern.kept * pattern.groupSize
      columns[place.index] = UInt8(groupStart - place.blockStart + inGroup)
    }
    return CompressedWeights(
      outputs: outputs, inputs: inputs, pattern: pattern, values: values, columns: columns)
  }

  /// Restores weights from a file, or returns `nil` unless counts are right, places ascend within
  /// each group, and values are finite.
  public init?(
    outputs: Int, inputs: Int, pattern: NMPattern, values: [Float], places: [UInt8]
  ) {
    guard outputs > 0, inputs > 0 else { return nil }
    guard values.count == outputs * pattern.keptCount(ofInputs: inputs) else { return nil }
    guard places.count == outputs * Self.placeBytes(of: pattern, inputs: inputs) else { return nil }
    guard values.allSatisfy(\.isFinite) else { return nil }
    self.outputs = outputs
    self.inputs = inputs
    self.pattern = pattern
    self.values = values
    self.places = places
    var isValid = true
    forEachPlace { place, previous, width, _, _ in
      if place >= width || previous.map({ $0 >= place }) == true { isValid = false }
    }
    guard isValid else { return nil }
  }

  /// Returns the row-major weights with zeros in place.
  ///
  /// - Complexity: O(weights).
  public func decompressed() -> [Float] {
    var weights = [Float](repeating: 0, count: outputs * inputs)
    forEachPlace { place, _, _, start, index in weights[start + place] = values[index] }
    return weights
  }

  /// Calls `body` with each place, the one before it in its group, the group's width and start, and
  /// the index of the value.
  private func forEachPlace(_ body: (Int, Int?, Int, Int, Int) -> Void) {
    let bits = Self.bits(of: pattern)
    let rowBytes = Self.placeBytes(of: pattern, inputs: inputs)
    var index = 0
    for output in 0..<outputs {
      var position = 0
      for start in stride(from: 0, to: inputs, by: pattern.groupSize) {
        let width = min(pattern.groupSize, inputs - start)
        var previous: Int?
        for _ in 0..<min(pattern.kept, width) {
          let byte = places[output * rowBytes + position / 8]
          let place = Int(byte >> UInt8(position % 8)) & (1 << bits - 1)
          body(place, previous, width, output * inputs + start, index)
          previous = place
          position += bits
          index += 1
        }
      }
    }
  }
}
