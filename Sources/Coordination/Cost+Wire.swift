import AcceleratorModel

extension Cost {
  /// The names of the integers in ``wireValues``, for ``WireProtocol/RunDescription/costNames``.
  package static let wireNames = [
    "latencyCycles", "macs", "denseMacs", "elsaMacs", "elsaDenseMacs", "weightBits",
    "energyPicojoules",
  ]

  /// The integers that worker and coordinator compare, in the order of ``wireNames``.
  ///
  /// An energy that the profile does not model is -1: it must be so on both sides.
  package var wireValues: [Int64] {
    [
      latencyCycles, macs, denseMacs, elsaMacs, elsaDenseMacs, weightBits,
      energyPicojoules ?? -1,
    ]
  }
}
