import AcceleratorModel

extension Cost {
  /// The names of the integers in ``wireValues``, for ``RunDescription/costNames``.
  public static let wireNames = [
    "latencyCycles", "macs", "denseMacs", "elsaMacs", "elsaDenseMacs",
  ]

  /// The integers that worker and coordinator compare, in the order of ``wireNames``.
  public var wireValues: [Int64] { [latencyCycles, macs, denseMacs, elsaMacs, elsaDenseMacs] }
}
