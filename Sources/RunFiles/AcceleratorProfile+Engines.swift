import AcceleratorModel
import NetworkArchitectures
import SparsityCore

extension ProfileFields {
  /// The sections that belong to one engine only.
  private static let sections = [
    "array": ["systolic"], "tile": ["tile"], "waves": ["roofline", "lut"],
    "measurements": ["lut"],
  ]

  func engine(
    contents: (String) throws(RunFileError) -> String
  ) throws(RunFileError) -> Engine {
    let value = try required("engine")
    let name = try value.string()
    guard ["systolic", "tile", "roofline", "lut"].contains(name) else {
      throw value.error("engine is \"\(excerpt(name))\"; known are systolic, tile, roofline, lut")
    }
    for (section, engines) in Self.sections.sorted(by: { $0.key < $1.key })
    where !engines.contains(name) {
      if let stranger = self[section] {
        throw stranger.error(
          "\(section) belongs to the engine \(engines.joined(separator: " or ")); "
            + "this profile's is \(name)")
      }
    }
    switch name {
    case "systolic": return .systolic(try SystolicArray(required("array")))
    case "tile": return .tile(try TileEngine(required("tile")))
    case "roofline": return .roofline(try roofline())
    default:
      let section = try required("measurements")
      let measurements = try Measurement.all(in: section, contents: contents)
      do {
        return .table(try MeasuredTable(measurements: measurements, roofline: try roofline()))
      } catch let error as AcceleratorError {
        throw section.error("\(error)")
      } catch let error as RunFileError {
        throw error
      } catch {
        throw section.error("\(error)")
      }
    }
  }

  private func roofline() throws(RunFileError) -> Roofline {
    let section = try required("levels")
    var rates: [LevelRate] = []
    for entry in try section.list() {
      let rate = try LevelRate(entry)
      guard !rates.contains(where: { $0.pattern == rate.pattern }) else {
        throw entry.error("\(rate.pattern) is given twice")
      }
      rates.append(rate)
    }
    do {
      return try Roofline(rates: rates, waves: self["waves"].map(Roofline.Waves.init))
    } catch let error as RunFileError {
      throw error
    } catch {
      throw section.error("\(error)")
    }
  }

  /// The patterns that run as such.
  func levels(of engine: Engine) throws(RunFileError) -> SupportedLevels {
    switch engine {
    case .roofline(let roofline): return roofline.levels
    case .table(let table): return table.roofline.levels
    case .systolic, .tile: break
    }
    let section = try required("levels")
    if let text = section.scalar {
      guard text == "any" else {
        throw section.error(
          "levels is \"\(excerpt(text))\"; write any, or a list as in [{n: 2, m: 4}]")
      }
      return .any
    }
    var patterns: [NMPattern] = []
    for entry in try section.list() {
      let pattern = try NMPattern(level: entry, others: [])
      guard !patterns.contains(pattern) else { throw entry.error("\(pattern) is given twice") }
      patterns.append(pattern)
    }
    return .only(patterns)
  }
}

extension NMPattern {
  /// Reads the keys n and m of a level; `others` are the keys that may stand beside them.
  init(level value: YAMLValue, others: [String]) throws(RunFileError) {
    let values = try value.mapping(keys: ["n", "m"] + others)
    let kept = try value.required("n", in: values)
    let groupSize = try value.required("m", in: values)
    let range = 1...Self.groupSizeMax
    let (n, m) = (try kept.count(in: range), try groupSize.count(in: range))
    guard let pattern = NMPattern(kept: n, groupSize: m) else {
      throw value.error(
        "the level \(n):\(m) keeps more weights than a group has; write n at most m")
    }
    self = pattern
  }
}

extension LevelRate {
  /// Reads a level of a roofline.
  init(_ value: YAMLValue) throws(RunFileError) {
    let keys = ["peakOpsPerSecond", "efficiency", "launchOverheadNs"]
    let pattern = try NMPattern(level: value, others: keys)
    let values = try value.mapping(keys: ["n", "m"] + keys)
    self.init(
      pattern: pattern,
      operationsPerSecond: try value.required("peakOpsPerSecond", in: values)
        .count(in: Self.operationRange),
      efficiencyMillionths: try value.required("efficiency", in: values)
        .millionths(in: Self.efficiencyRange),
      launchNanoseconds: try values["launchOverheadNs"]?.count(in: Self.launchRange) ?? 0)
  }
}

extension SystolicArray {
  /// Reads the array of a profile.
  init(_ section: YAMLValue) throws(RunFileError) {
    let values = try section.mapping(keys: ["rows", "columns", "dataflow", "shadowed", "rowWise"])
    do {
      try self.init(
        rows: section.required("rows", in: values).count(in: Self.sideRange),
        columns: section.required("columns", in: values).count(in: Self.sideRange),
        dataflow: section.required("dataflow", in: values).choice(ArrayDataflow.self),
        isShadowed: values["shadowed"]?.boolean() ?? false,
        isRowWise: values["rowWise"]?.boolean() ?? false)
    } catch let error as RunFileError {
      throw error
    } catch {
      throw section.error("\(error)")
    }
  }
}

extension TileEngine {
  /// Reads the tiles of a profile.
  init(_ section: YAMLValue) throws(RunFileError) {
    let values = try section.mapping(keys: [
      "tokens", "inputs", "outputs", "cyclesPerTile", "fillCycles", "operandBytesPerCycle",
    ])
    func size(_ key: String) throws(RunFileError) -> Int {
      try section.required(key, in: values).count(in: Self.sizeRange)
    }
    self.init(
      tokens: try size("tokens"), inputs: try size("inputs"), outputs: try size("outputs"),
      cyclesPerTile: try size("cyclesPerTile"),
      fillCycles: try values["fillCycles"]?.count(in: 0...Self.sizeRange.upperBound) ?? 0,
      operandBytesPerCycle: try values["operandBytesPerCycle"]?.count(in: Self.sizeRange))
  }
}

extension Roofline.Waves {
  /// Reads how a product is cut into tiles.
  init(_ section: YAMLValue) throws(RunFileError) {
    let values = try section.mapping(keys: ["units", "tokens", "outputs"])
    func size(_ key: String) throws(RunFileError) -> Int {
      try section.required(key, in: values).count(in: TileEngine.sizeRange)
    }
    self.init(units: try size("units"), tokens: try size("tokens"), outputs: try size("outputs"))
  }
}

extension VectorUnit {
  /// Reads the vector unit of a profile.
  init(_ section: YAMLValue) throws(RunFileError) {
    let values = try section.mapping(keys: ["lanes", "overlap", "opsPerElement"])
    var operations: [VectorFunction: Int] = [:]
    if let given = values["opsPerElement"] {
      let counts = try given.mapping(keys: VectorFunction.allCases.map(\.rawValue))
      for function in VectorFunction.allCases {
        operations[function] = try counts[function.rawValue]?.count(in: Self.operationRange)
      }
    }
    self.init(
      lanes: try section.required("lanes", in: values).count(in: Self.laneRange),
      overlapMillionths: try values["overlap"]?.millionths(in: 0...1_000_000) ?? 0,
      operationsPerElement: operations)
  }
}

extension EnergyModel {
  /// Reads the energy of a profile: either of each action, or the power of the whole device.
  init(_ section: YAMLValue, engine: Engine) throws(RunFileError) {
    let keys = Self.actionKeys
    let values = try section.mapping(keys: keys + ["staticW", "idleW", "peakW"])
    func energy(_ key: String) throws(RunFileError) -> Int {
      try section.required(key, in: values).millionths(in: ActionEnergies.attojouleRange)
    }
    func power(_ key: String) throws(RunFileError) -> Int {
      try section.required(key, in: values).millionths(in: Self.microwattRange)
    }
    if values["idleW"] != nil || values["peakW"] != nil {
      if let stranger = (keys + ["staticW"]).compactMap({ values[$0] }).first {
        throw stranger.error("energy has idleW and peakW, or the energy of each action; not both")
      }
      let (idle, peak) = (try power("idleW"), try power("peakW"))
      guard idle <= peak else {
        throw section.error("energy.idleW exceeds energy.peakW; give the power under load as peakW")
      }
      self = .power(idleMicrowatts: idle, peakMicrowatts: peak)
      return
    }
    guard engine.usesScratch else {
      throw section.error(
        "the engine \(engine.name) counts no actions; give energy as idleW and peakW")
    }
    self = .perAction(
      ActionEnergies(
        mac: try energy(keys[0]), mux: try energy(keys[1]), gatedMac: try energy(keys[2]),
        weightRead: try energy(keys[3]), inputRead: try energy(keys[4]),
        outputRead: try energy(keys[5]), metadataRead: try energy(keys[6]),
        outputWrite: try energy(keys[7]), externalBit: try energy(keys[8]),
        vectorOperation: try energy(keys[9]), staticMicrowatts: try power("staticW")))
  }

  /// The names of the actions' energies, in the order of the initialiser.
  private static let actionKeys = [
    "macPJ", "muxPJ", "gatedMacPJ", "weightReadPJPerBit", "ifmapReadPJPerBit",
    "ofmapReadPJPerBit", "metadataReadPJPerBit", "ofmapWritePJPerBit", "dramPJPerBit",
    "vectorOpPJ",
  ]
}
