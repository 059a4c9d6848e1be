/// The description of an accelerator: a systolic array that runs every N:M pattern.
///
/// All fields are integers, so that equal profiles give equal costs on every machine.
public struct AcceleratorProfile: Hashable, Sendable {
  /// The name under which run files and reports know the profile.
  public let name: String
  /// The rows of the PE array, R.
  public let rows: Int
  /// The columns of the PE array, C.
  public let columns: Int
  /// Which operand stays in the array.
  public let dataflow: Dataflow
  /// The clock rate.
  public let clockHertz: Int

  /// The sides that an array may have.
  public static let sideRange = 1...65536
  /// The clock rates that a profile may have.
  public static let clockHertzRange = 1...1_000_000_000_000

  /// Creates a profile.
  ///
  /// - Throws: ``AcceleratorError/outOfRange(name:value:allowed:)``.
  public init(
    name: String, rows: Int, columns: Int, dataflow: Dataflow, clockHertz: Int
  ) throws(AcceleratorError) {
    let values = [
      ("array rows", rows, Self.sideRange), ("array columns", columns, Self.sideRange),
      ("clock in hertz", clockHertz, Self.clockHertzRange),
    ]
    for (name, value, allowed) in values where !allowed.contains(value) {
      throw .outOfRange(name: name, value: value, allowed: allowed)
    }
    self.init(
      valid: name, rows: rows, columns: columns, dataflow: dataflow, clockHertz: clockHertz)
  }

  private init(valid name: String, rows: Int, columns: Int, dataflow: Dataflow, clockHertz: Int) {
    self.name = name
    self.rows = rows
    self.columns = columns
    self.dataflow = dataflow
    self.clockHertz = clockHertz
  }

  /// A 32×32 weight-stationary array at 1 GHz.
  public static let systolic32 = AcceleratorProfile(
    valid: "systolic32", rows: 32, columns: 32, dataflow: .weightStationary,
    clockHertz: 1_000_000_000)

  /// The profiles that have a name, in the order in which they are listed to people.
  public static let all = [systolic32]

  /// Returns the built-in profile with a name.
  ///
  /// - Throws: ``AcceleratorError/unknownProfile(name:known:)`` with the names that exist.
  public static func named(_ name: String) throws(AcceleratorError) -> AcceleratorProfile {
    guard let profile = all.first(where: { $0.name == name }) else {
      throw .unknownProfile(name: name, known: all.map(\.name))
    }
    return profile
  }

  /// Returns the profile with another array size or dataflow; `nil` keeps what it has.
  ///
  /// - Throws: ``AcceleratorError/outOfRange(name:value:allowed:)``.
  public func overriding(
    rows: Int? = nil, columns: Int? = nil, dataflow: Dataflow? = nil
  ) throws(AcceleratorError) -> AcceleratorProfile {
    try AcceleratorProfile(
      name: name, rows: rows ?? self.rows, columns: columns ?? self.columns,
      dataflow: dataflow ?? self.dataflow, clockHertz: clockHertz)
  }

  /// The fixed text that content hashes are taken of.
  public var contentText: String {
    "accelerator-1;name=\(name);engine=systolic;rows=\(rows);columns=\(columns);"
      + "dataflow=\(dataflow.rawValue);clockHertz=\(clockHertz)"
  }

  /// Returns the seconds that `cycles` take.
  public func seconds(ofCycles cycles: Int64) -> Double {
    Double(cycles) / Double(clockHertz)
  }
}

extension AcceleratorProfile: CustomStringConvertible {
  /// The profile in words, as in `systolic32 (32×32 ws, 1000 MHz)`.
  public var description: String {
    "\(name) (\(rows)×\(columns) \(dataflow.rawValue), \(Double(clockHertz) / 1e6) MHz)"
  }
}
