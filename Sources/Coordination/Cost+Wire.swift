import AcceleratorModel

extension Cost {
  /// The names of the integers of one accelerator in ``wireValues``.
  package static let wireNames = [
    "latencyCycles", "macs", "denseMacs", "elsaMacs", "elsaDenseMacs", "weightBits",
    "energyPicojoules",
  ]

  /// The names of the integers in ``wireValues``, for
  /// ``WireProtocol/RunDescription/costNames``: those of further accelerators have the name of the
  /// accelerator behind an @.
  package var allWireNames: [String] {
    Self.wireNames
      + others.flatMap { other in
        Self.wireNames.map { "\($0)@\(other.accelerator ?? "")" }
      }
  }

  /// The integers that worker and coordinator compare, in the order of ``allWireNames``.
  ///
  /// An energy that the profile does not model is -1: it must be so on both sides.
  package var wireValues: [Int64] {
    let own = [
      latencyCycles, macs, denseMacs, elsaMacs, elsaDenseMacs, weightBits,
      energyPicojoules ?? -1,
    ]
    return others.isEmpty ? own : own + others.flatMap(\.wireValues)
  }
}
