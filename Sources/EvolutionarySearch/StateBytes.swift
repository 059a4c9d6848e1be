import SparsityCore

/// Lays the state of an algorithm out as bytes: a version, then numbers of eight bytes each, the
/// least significant first.
struct StateWriter {
  private(set) var bytes: [UInt8]

  /// Creates a writer that has written the version of a layout.
  init(version: UInt8) { bytes = [version] }

  /// Adds a number.
  mutating func append(_ value: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  /// Adds individuals in their order.
  mutating func append(_ individuals: [Individual]) {
    append(UInt64(individuals.count))
    for individual in individuals {
      append(UInt64(individual.id.rawValue))
      bytes += individual.genome.genes
      for objective in individual.objectives { append(objective.bitPattern) }
      append(individual.violation.bitPattern)
    }
  }
}

/// Reads what a ``StateWriter`` has written; whatever the bytes, it ends in an error or a value.
struct StateReader {
  private let bytes: [UInt8]
  private var offset = 1

  /// Begins to read the state of an algorithm.
  ///
  /// - Throws: ``SearchError`` that names both versions if the layout has another one.
  init(_ bytes: [UInt8], of name: SearchAlgorithmName, version: UInt8) throws(SearchError) {
    guard let found = bytes.first else { throw Self.misfit("it is empty") }
    guard found == version else {
      throw Self.misfit("it has version \(found) of \(name.rawValue); this is version \(version)")
    }
    self.bytes = bytes
  }

  /// Reads a number.
  mutating func number() throws(SearchError) -> UInt64 {
    let field = try take(8)
    return field.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Reads a finite number of eight bytes.
  mutating func finite() throws(SearchError) -> Double {
    let value = Double(bitPattern: try number())
    guard value.isFinite else { throw Self.misfit("a number is not finite") }
    return value
  }

  /// Reads how many there are of something.
  mutating func count() throws(SearchError) -> Int {
    guard let count = Int(exactly: try number()) else { throw Self.misfit("a number is too large") }
    return count
  }

  /// Reads individuals, each once, with finite objectives.
  mutating func individuals(
    countMax: Int, geneCount: Int, objectiveCount: Int
  ) throws(SearchError) -> [Individual] {
    let count = try number()
    guard count <= UInt64(countMax) else {
      throw Self.misfit("it holds \(count) individuals, the population at most \(countMax)")
    }
    var individuals: [Individual] = []
    for _ in 0..<count {
      guard let id = Int(exactly: try number()) else { throw Self.misfit("a number is too large") }
      let genome = Genome(genes: Array(try take(geneCount)))
      var objectives: [Double] = []
      for _ in 0..<objectiveCount { objectives.append(Double(bitPattern: try number())) }
      let violation = Double(bitPattern: try number())
      guard objectives.allSatisfy(\.isFinite), !violation.isNaN else {
        throw Self.misfit("an objective of \(CandidateID(id)) is not finite")
      }
      individuals.append(
        Individual(
          id: CandidateID(id), genome: genome, objectives: objectives, violation: violation))
    }
    guard Set(individuals.map(\.id)).count == individuals.count else {
      throw Self.misfit("an individual stands twice")
    }
    return individuals
  }

  /// Ends reading.
  ///
  /// - Throws: ``SearchError`` if something is left.
  func finish() throws(SearchError) {
    guard offset == bytes.count else {
      throw Self.misfit("it has \(counted(bytes.count - offset, "byte")) too many")
    }
  }

  private mutating func take(_ count: Int) throws(SearchError) -> ArraySlice<UInt8> {
    guard bytes.count - offset >= count else { throw Self.misfit("it ends early") }
    defer { offset += count }
    return bytes[offset..<offset + count]
  }

  private static func misfit(_ reason: String) -> SearchError {
    .stateDoesNotFit(diagnostic: "of the algorithm, \(reason)")
  }
}
