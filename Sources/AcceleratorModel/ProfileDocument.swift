import NetworkArchitectures
import SparsityCore

/// A value of a profile as it stands in a file: keys keep their order.
package indirect enum ProfileValue: Hashable, Sendable {
  /// A number or a truth value, already in its final form.
  case literal(String)
  case text(String)
  case list([ProfileValue])
  case mapping([ProfileEntry])

  /// Returns the value of a whole number.
  static func integer(_ value: Int) -> ProfileValue { .literal("\(value)") }

  /// Returns the value of a number of millionths.
  static func decimal(_ millionths: Int) -> ProfileValue {
    .literal(decimalText(millionths: millionths))
  }
}

/// A key of a profile and its value.
package struct ProfileEntry: Hashable, Sendable {
  package let key: String
  package let value: ProfileValue

  package init(_ key: String, _ value: ProfileValue) {
    self.key = key
    self.value = value
  }
}

extension AcceleratorProfile {
  /// The profile as it stands in a file, without ``summary`` and ``sources``.
  package var document: [ProfileEntry] {
    var entries = [
      ProfileEntry("version", .integer(Self.formVersion)), ProfileEntry("name", .text(name)),
      ProfileEntry("engine", .text(engine.name)), ProfileEntry("clockHz", .integer(clockHertz)),
    ]
    switch engine {
    case .systolic(let array): entries.append(ProfileEntry("array", array.document))
    case .tile(let tile): entries.append(ProfileEntry("tile", tile.document))
    case .roofline(let roofline): roofline.waves.map { entries.append(.init("waves", $0.document)) }
    case .table(let table):
      table.roofline.waves.map { entries.append(.init("waves", $0.document)) }
    }
    entries.append(ProfileEntry("precision", precision.document))
    entries.append(ProfileEntry("levels", levelsDocument))
    entries.append(ProfileEntry("fallback", .text(fallback.rawValue)))
    entries.append(ProfileEntry("storesRequestedLevel", .literal("\(storesRequestedLevel)")))
    entries.append(ProfileEntry("runsDenseWhenFaster", .literal("\(runsDenseWhenFaster)")))
    entries.append(ProfileEntry("storage", .list(formats.map { .text($0.rawValue) })))
    if let scratch { entries.append(ProfileEntry("sram", scratch.document)) }
    entries.append(ProfileEntry("dram", memory.document))
    if let vector { entries.append(ProfileEntry("vector", vector.document)) }
    if let energy { entries.append(ProfileEntry("energy", energy.document)) }
    if case .table(let table) = engine {
      entries.append(ProfileEntry("measurements", .list(table.measurements.map(\.document))))
    }
    return entries
  }

  /// Every parameter by its path, as in `sram.weightsKiB`; levels are named by their pattern.
  package var parameters: [(path: String, value: String)] {
    var parameters: [(path: String, value: String)] = []
    Self.flatten(.mapping(document), path: "", into: &parameters)
    let labels: Set = ["version", "name", "engine"]
    return parameters.filter { !labels.contains($0.path) }
  }

  /// The fixed text that content hashes are taken of.
  package var contentText: String { ProfileValue.mapping(document).json }

  private var levelsDocument: ProfileValue {
    let rates: [LevelRate]
    switch (engine, levels) {
    case (.roofline(let roofline), _): rates = roofline.rates
    case (.table(let table), _): rates = table.roofline.rates
    case (_, .any): return .text("any")
    case (_, .only(let patterns)):
      return .list(patterns.map { .mapping($0.document) })
    }
    return .list(
      rates.map { rate in
        .mapping(
          rate.pattern.document + [
            ProfileEntry("peakOpsPerSecond", .integer(rate.operationsPerSecond)),
            ProfileEntry("efficiency", .decimal(rate.efficiencyMillionths)),
            ProfileEntry("launchOverheadNs", .integer(rate.launchNanoseconds)),
          ])
      })
  }

  private static func flatten(
    _ value: ProfileValue, path: String, into parameters: inout [(path: String, value: String)]
  ) {
    switch value {
    case .literal(let text), .text(let text): parameters.append((path, text))
    case .list(let values):
      for value in values {
        guard case .mapping(let entries) = value else {
          parameters.append((path, values.map(\.json).joined(separator: ", ")))
          return
        }
        guard entries.count >= 2, entries[0].key == "n", entries[1].key == "m" else {
          // Measurements are data, not parameters.
          return
        }
        let name = "\(path).\(entries[0].value.json):\(entries[1].value.json)"
        if entries.count == 2 { parameters.append((name, "")) }
        flatten(.mapping(Array(entries.dropFirst(2))), path: name, into: &parameters)
      }
      if values.isEmpty { parameters.append((path, "none")) }
    case .mapping(let entries):
      for entry in entries {
        flatten(
          entry.value, path: path.isEmpty ? entry.key : "\(path).\(entry.key)",
          into: &parameters)
      }
    }
  }
}

extension ProfileValue {
  /// The value as JSON on one line.
  package var json: String {
    switch self {
    case .literal(let text): text
    case .text(let text): Self.quoted(text)
    case .list(let values): "[\(values.map(\.json).joined(separator: ","))]"
    case .mapping(let entries):
      "{\(entries.map { "\(Self.quoted($0.key)):\($0.value.json)" }.joined(separator: ","))}"
    }
  }

  /// Returns a text in double quotes, which JSON and YAML read alike.
  package static func quoted(_ text: String) -> String {
    var escaped = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": escaped += "\\\""
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\t": escaped += "\\t"
      default:
        if mustBeEscaped(scalar) {
          let digits = String(scalar.value, radix: 16)
          escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          escaped.unicodeScalars.append(scalar)
        }
      }
    }
    return escaped + "\""
  }

  /// Whether YAML reads a character differently, or not at all, unless it is escaped.
  private static func mustBeEscaped(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: true
    default: false
    }
  }
}

// MARK: - Parts

extension NMPattern {
  fileprivate var document: [ProfileEntry] {
    [ProfileEntry("n", .integer(kept)), ProfileEntry("m", .integer(groupSize))]
  }
}

extension SystolicArray {
  fileprivate var document: ProfileValue {
    .mapping([
      ProfileEntry("rows", .integer(rows)), ProfileEntry("columns", .integer(columns)),
      ProfileEntry("dataflow", .text(dataflow.rawValue)),
      ProfileEntry("shadowed", .literal("\(isShadowed)")),
      ProfileEntry("rowWise", .literal("\(isRowWise)")),
    ])
  }
}

extension TileEngine {
  fileprivate var document: ProfileValue {
    var entries = [
      ProfileEntry("tokens", .integer(tokens)), ProfileEntry("inputs", .integer(inputs)),
      ProfileEntry("outputs", .integer(outputs)),
      ProfileEntry("cyclesPerTile", .integer(cyclesPerTile)),
      ProfileEntry("fillCycles", .integer(fillCycles)),
    ]
    operandBytesPerCycle.map { entries.append(.init("operandBytesPerCycle", .integer($0))) }
    return .mapping(entries)
  }
}

extension Roofline.Waves {
  fileprivate var document: ProfileValue {
    .mapping([
      ProfileEntry("units", .integer(units)), ProfileEntry("tokens", .integer(tokens)),
      ProfileEntry("outputs", .integer(outputs)),
    ])
  }
}

extension OperandWidths {
  fileprivate var document: ProfileValue {
    .mapping([
      ProfileEntry("weightBits", .integer(weightBits)),
      ProfileEntry("actBits", .integer(activationBits)),
      ProfileEntry("accBits", .integer(accumulatorBits)),
      ProfileEntry("outBits", .integer(outputBits)),
    ])
  }
}

extension ScratchMemory {
  fileprivate var document: ProfileValue {
    .mapping([
      ProfileEntry("weightsKiB", .integer(weightKibibytes)),
      ProfileEntry("ifmapKiB", .integer(inputKibibytes)),
      ProfileEntry("ofmapKiB", .integer(outputKibibytes)),
      ProfileEntry("doubleBuffered", .literal("\(isDoubleBuffered)")),
    ])
  }
}

extension ExternalMemory {
  fileprivate var document: ProfileValue {
    var entries = [
      ProfileEntry(
        "bytesPerSecond", bytesPerSecond.map(ProfileValue.integer) ?? .text("unlimited")),
      ProfileEntry("efficiency", .decimal(efficiencyMillionths)),
    ]
    capacityBytes.map { entries.append(.init("capacityBytes", .integer($0))) }
    return .mapping(entries)
  }
}

extension VectorUnit {
  fileprivate var document: ProfileValue {
    let entries = VectorFunction.allCases.map {
      ProfileEntry($0.rawValue, .integer(operations(for: $0)))
    }
    return .mapping([
      ProfileEntry("lanes", .integer(lanes)), ProfileEntry("overlap", .decimal(overlapMillionths)),
      ProfileEntry("opsPerElement", .mapping(entries)),
    ])
  }
}

extension EnergyModel {
  fileprivate var document: ProfileValue {
    switch self {
    case .power(let idle, let peak):
      return .mapping([
        ProfileEntry("idleW", .decimal(idle)), ProfileEntry("peakW", .decimal(peak)),
      ])
    case .perAction(let energies):
      return .mapping(
        energies.named.map { ProfileEntry($0.name, .decimal($0.value)) }
          + [ProfileEntry("staticW", .decimal(energies.staticMicrowatts))])
    }
  }
}

extension ActionEnergies {
  /// The energies in attojoules by their names in a profile, where they stand in picojoules.
  package var named: [(name: String, value: Int)] {
    [
      ("macPJ", mac), ("muxPJ", mux), ("gatedMacPJ", gatedMac),
      ("weightReadPJPerBit", weightRead), ("ifmapReadPJPerBit", inputRead),
      ("ofmapReadPJPerBit", outputRead), ("metadataReadPJPerBit", metadataRead),
      ("ofmapWritePJPerBit", outputWrite), ("dramPJPerBit", externalBit),
      ("vectorOpPJ", vectorOperation),
    ]
  }
}

extension Measurement {
  fileprivate var document: ProfileValue {
    .mapping([
      ProfileEntry("M", .integer(product.tokens)), ProfileEntry("K", .integer(product.inputs)),
      ProfileEntry("N", .integer(product.outputs)),
      ProfileEntry("level", .text(pattern.description)),
      ProfileEntry("microseconds", .decimal(picoseconds)),
      ProfileEntry("p10Microseconds", .decimal(lowPicoseconds)),
      ProfileEntry("p90Microseconds", .decimal(highPicoseconds)),
    ])
  }
}
