import SparsityCore

/// How the places of kept weights are stored beside them.
package enum MetadataFormat: String, CaseIterable, Hashable, Sendable {
  /// ⌈log₂ M⌉ bits for each kept weight, as in ELLPACK-block.
  case index
  /// One bit for each weight of the dense matrix.
  case bitmap
  /// ⌈log₂ C(M, N)⌉ bits for each group: the number of its mask.
  case combinatorial
  /// No places: zeros are stored like other weights.
  case dense

  /// The formats of a dense matrix.
  static let onlyDense = [MetadataFormat.dense]
}

/// The bits that a weight matrix takes.
package struct WeightStorage: Hashable, Sendable {
  /// The format of the places.
  package let format: MetadataFormat
  package let valueBits: Int64
  /// The bits of their places.
  package let metadataBits: Int64

  /// All bits.
  package var bits: Int64 { valueBits + metadataBits }
}

extension NMPattern {
  /// Whether every matrix that has `other`'s pattern has this one too.
  ///
  /// Patterns whose group sizes do not divide one another are not compared: false.
  package func represents(_ other: NMPattern) -> Bool {
    if isDense { return true }
    if groupSize % other.groupSize == 0 {
      return kept >= other.kept * (groupSize / other.groupSize)
    }
    if other.groupSize % groupSize == 0 { return kept >= min(other.kept, groupSize) }
    return false
  }

  /// The masks of a group, C(M, N).
  var maskCount: Int {
    var count = 1
    for index in 0..<kept { count = count * (groupSize - index) / (index + 1) }
    return count
  }

  /// Returns the bits that the places of a row's kept weights take in a format.
  package func metadataBits(ofInputs inputs: Int, format: MetadataFormat) -> Int {
    switch format {
    case .index: keptCount(ofInputs: inputs) * bitCount(toTell: groupSize)
    case .bitmap: inputs
    case .combinatorial:
      (inputs * bitCount(toTell: maskCount) + groupSize - 1) / groupSize
    case .dense: 0
    }
  }

  /// Returns the smallest storage of an `inputs` × `outputs` matrix in one of the formats.
  ///
  /// Dense matrices have no places, and without a format sparse ones are stored densely.
  ///
  /// - Throws: ``AcceleratorModel/AcceleratorError/tooLarge(_:)`` beyond 64 bits.
  package func storage(
    inputs: Int, outputs: Int, weightBits: Int, formats: [MetadataFormat]
  ) throws(AcceleratorError) -> WeightStorage {
    var best: WeightStorage?
    for format in isDense || formats.isEmpty ? MetadataFormat.onlyDense : formats {
      let kept = format == .dense ? inputs : keptCount(ofInputs: inputs)
      let metadata = metadataBits(ofInputs: inputs, format: format)
      let storage = WeightStorage(
        format: format,
        valueBits: try checkedProduct(kept, outputs, weightBits, of: "the bits of weights"),
        metadataBits: try checkedProduct(metadata, outputs, 1, of: "the bits of metadata"))
      _ = try checkedSum(storage.valueBits, storage.metadataBits, of: "the bits of weights")
      if best.map({ storage.bits < $0.bits }) ?? true { best = storage }
    }
    guard let best else { preconditionFailure("no format to store weights in") }
    return best
  }
}

/// Returns ⌈log₂ `count`⌉: the bits that tell `count` things apart.
func bitCount(toTell count: Int) -> Int {
  precondition(count > 0)
  return Int.bitWidth - (count - 1).leadingZeroBitCount
}
