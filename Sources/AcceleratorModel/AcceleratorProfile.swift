import NetworkArchitectures
import SparsityCore

/// The description of an accelerator.
///
/// All numbers are integers or integer fractions, so that equal profiles give equal costs on every
/// machine.
package struct AcceleratorProfile: Hashable, Sendable {
  /// The name under which run files and reports know the profile.
  package var name: String
  /// What the profile describes, in one sentence.
  package var summary: String
  /// The clock rate that cycles are counted in.
  package var clockHertz: Int
  /// How matrix products run.
  package var engine: Engine
  /// The bits of the numbers.
  package var precision: OperandWidths
  /// The patterns that run as such.
  package var levels: SupportedLevels
  /// What becomes of other patterns.
  package var fallback: LevelFallback
  /// Whether weights are stored in the pattern that was asked for although a denser one runs.
  package var storesRequestedLevel: Bool
  /// Whether a layer runs densely where its pattern would be slower.
  package var runsDenseWhenFaster: Bool
  /// The formats in which the places of weights may be stored; the cheapest is taken.
  package var formats: [MetadataFormat]
  /// The on-chip memory; `nil` for engines whose times include it.
  package var scratch: ScratchMemory?
  /// The memory outside the chip.
  package var memory: ExternalMemory
  /// The unit for what is no matrix product; `nil` leaves that work out.
  package var vector: VectorUnit?
  /// Where energy goes; `nil` if it is not modelled.
  package var energy: EnergyModel?
  /// Where each parameter comes from, by its path in ``parameters``.
  package var sources: [String: String]

  /// The clock rates that a profile may have.
  package static let clockHertzRange = 1...1_000_000_000_000
  /// The version of the form that profiles have on disk.
  package static let formVersion = 1

  package init(
    name: String, summary: String = "", clockHertz: Int, engine: Engine,
    precision: OperandWidths, levels: SupportedLevels, fallback: LevelFallback = .nextDenser,
    storesRequestedLevel: Bool = false, runsDenseWhenFaster: Bool = false,
    formats: [MetadataFormat], scratch: ScratchMemory?, memory: ExternalMemory,
    vector: VectorUnit? = nil, energy: EnergyModel? = nil, sources: [String: String] = [:]
  ) {
    precondition(Self.clockHertzRange.contains(clockHertz))
    precondition(engine.usesScratch == (scratch != nil))
    self.name = name
    self.summary = summary
    self.clockHertz = clockHertz
    self.engine = engine
    self.precision = precision
    self.levels = levels
    self.fallback = fallback
    self.storesRequestedLevel = storesRequestedLevel
    self.runsDenseWhenFaster = runsDenseWhenFaster
    self.formats = formats
    self.scratch = scratch
    self.memory = memory
    self.vector = vector
    self.energy = energy
    self.sources = sources
  }

  /// Returns the built-in profile with a name.
  ///
  /// - Throws: ``AcceleratorError/unknownProfile(name:known:)`` with the names that exist.
  package static func named(_ name: String) throws(AcceleratorError) -> AcceleratorProfile {
    guard let profile = all.first(where: { $0.name == name }) else {
      throw .unknownProfile(name: name, known: all.map(\.name))
    }
    return profile
  }

  /// Returns the seconds that `cycles` take.
  package func seconds(ofCycles cycles: Int64) -> Double {
    Double(cycles) / Double(clockHertz)
  }

  /// Returns the cycles that some nanoseconds take, rounded up.
  func cycles(ofNanoseconds nanoseconds: Int) -> Int128 {
    ceilingQuotient(Int128(nanoseconds) * Int128(clockHertz), by: 1_000_000_000)
  }
}

/// How an accelerator runs matrix products.
package enum Engine: Hashable, Sendable {
  /// A systolic array, cycle by cycle.
  case systolic(SystolicArray)
  /// A matrix engine whose instructions multiply tiles.
  case tile(TileEngine)
  /// Peak rates and efficiencies.
  case roofline(Roofline)
  /// Measured times, and a roofline between them.
  case table(MeasuredTable)

  /// The engine's name in a profile.
  package var name: String {
    switch self {
    case .systolic: "systolic"
    case .tile: "tile"
    case .roofline: "roofline"
    case .table: "lut"
    }
  }

  /// Whether on-chip memory is part of the model.
  package var usesScratch: Bool {
    switch self {
    case .systolic, .tile: true
    case .roofline, .table: false
    }
  }
}

extension AcceleratorProfile {
  /// Whether a product never takes more cycles when fewer weights of each group are kept.
  ///
  /// Where memory limits the time, sparse weights may be larger than dense ones, places included,
  /// unless the profile may store them densely.
  package var isMonotoneInSparsity: Bool {
    let isStored = memory.bytesPerSecond == nil || formats.contains(.dense)
    switch engine {
    case .systolic(let array): return isStored && !array.isRowWise
    case .tile(let tile): return isStored && tile.operandBytesPerCycle == nil
    case .roofline, .table: return false
    }
  }

  /// Returns the profile with another array size or dataflow; `nil` keeps what it has.
  ///
  /// - Throws: ``AcceleratorError`` for a size out of range or an engine without an array.
  package func overriding(
    rows: Int? = nil, columns: Int? = nil, dataflow: ArrayDataflow? = nil
  ) throws(AcceleratorError) -> AcceleratorProfile {
    guard rows != nil || columns != nil || dataflow != nil else { return self }
    guard case .systolic(let array) = engine else {
      throw .noArray(profile: name, engine: engine.name)
    }
    var profile = self
    profile.engine = .systolic(
      try SystolicArray(
        rows: rows ?? array.rows, columns: columns ?? array.columns,
        dataflow: dataflow ?? array.dataflow, isShadowed: array.isShadowed,
        isRowWise: array.isRowWise))
    return profile
  }
}

extension AcceleratorProfile: CustomStringConvertible {
  /// The profile as text, as in `systolic32 (32×32 ws, 1000 MHz)`.
  package var description: String {
    let engine =
      switch engine {
      case .systolic(let array):
        "\(array.rows)×\(array.columns) \(array.dataflow.rawValue)"
      case .tile(let tile): "\(tile.tokens)×\(tile.inputs)×\(tile.outputs) tiles"
      case .roofline: "roofline"
      case .table(let table): counted(table.measurements.count, "measurement")
      }
    let clock = decimalText(millionths: clockHertz)
    return "\(name) (\(engine), \(clock) MHz)"
  }
}
