import AcceleratorModel
import SparsityCore

extension AcceleratorProfile {
  /// Reads a profile in YAML or JSON; `file` names it in errors.
  ///
  /// `contents` returns the text of a file that the profile names, such as measurements; the path
  /// is as the profile has it.
  ///
  /// - Throws: ``RunFiles/RunFileError`` with line and column for what is unknown or impossible.
  package init(
    yaml text: String, file: String,
    contents: (String) throws(RunFileError) -> String = refusingFiles
  ) throws(RunFileError) {
    let root = try YAMLValue.document(text, file: file)
    let fields = try ProfileFields(root)
    try fields.checkVersion()
    let precision = try fields.precision()
    let name = try fields.name()
    let engine = try fields.engine(contents: contents)
    try self.init(
      name: name, summary: fields["description"]?.string() ?? "",
      clockHertz: fields.required("clockHz").count(in: Self.clockHertzRange), engine: engine,
      precision: precision, levels: fields.levels(of: engine),
      fallback: fields["fallback"]?.choice(LevelFallback.self) ?? .nextDenser,
      storesRequestedLevel: fields["storesRequestedLevel"]?.boolean() ?? false,
      runsDenseWhenFaster: fields["runsDenseWhenFaster"]?.boolean() ?? false,
      formats: fields.formats(), scratch: fields.scratch(of: engine), memory: fields.memory(),
      vector: fields["vector"].map(VectorUnit.init),
      energy: fields["energy"].map { value throws(RunFileError) in
        try EnergyModel(value, engine: engine)
      })
    self.sources = try fields.sources(knownPaths: Set(parameters.map(\.path)))
  }

  /// Refuses every file, for profiles that stand alone.
  package static func refusingFiles(_ path: String) throws(RunFileError) -> String {
    throw RunFileError(
      file: path, message: "a profile that travels with a run must hold its measurements itself")
  }
}

/// The keys at the top of a profile.
struct ProfileFields {
  private let root: YAMLValue
  private let values: [String: YAMLValue]

  private static let keys = [
    "version", "name", "description", "engine", "clockHz", "array", "tile", "waves", "precision",
    "levels", "fallback", "storesRequestedLevel", "runsDenseWhenFaster", "storage", "sram", "dram",
    "vector", "energy", "measurements", "sources",
  ]

  init(_ root: YAMLValue) throws(RunFileError) {
    self.root = root
    values = try root.mapping(keys: Self.keys)
  }

  subscript(key: String) -> YAMLValue? { values[key] }

  func required(_ key: String) throws(RunFileError) -> YAMLValue {
    try root.required(key, in: values)
  }

  func checkVersion() throws(RunFileError) {
    let version = try required("version")
    let known = AcceleratorProfile.formVersion
    guard try version.string() == "\(known)" else {
      throw version.error(
        "version is \"\(excerpt(try version.string()))\"; this program reads version \(known)")
    }
  }

  func name() throws(RunFileError) -> String {
    let value = try required("name")
    let name = try value.string()
    guard name.utf8.count <= 100, name.unicodeScalars.allSatisfy({ $0.value >= 0x20 }) else {
      throw value.error(
        "name has \(counted(name.utf8.count, "byte")); write at most 100, on one line")
    }
    return name
  }

  func precision() throws(RunFileError) -> OperandWidths {
    let section = try required("precision")
    let values = try section.mapping(keys: ["weightBits", "actBits", "accBits", "outBits"])
    func bits(_ key: String) throws(RunFileError) -> Int {
      try section.required(key, in: values).count(in: OperandWidths.bitRange)
    }
    return OperandWidths(
      weightBits: try bits("weightBits"), activationBits: try bits("actBits"),
      accumulatorBits: try bits("accBits"), outputBits: try bits("outBits"))
  }

  func formats() throws(RunFileError) -> [MetadataFormat] {
    guard let value = values["storage"] else { return [.index] }
    var formats: [MetadataFormat] = []
    for entry in try value.sequence() {
      let format = try entry.choice(MetadataFormat.self)
      guard !formats.contains(format) else {
        throw entry.error("\(format.rawValue) is given twice")
      }
      formats.append(format)
    }
    return formats
  }

  func scratch(of engine: Engine) throws(RunFileError) -> ScratchMemory? {
    guard engine.usesScratch else {
      if let value = values["sram"] {
        throw value.error(
          "sram has no use with the engine \(engine.name), whose times include it; remove the key")
      }
      return nil
    }
    let section = try required("sram")
    let values = try section.mapping(
      keys: ["weightsKiB", "ifmapKiB", "ofmapKiB", "doubleBuffered"])
    func size(_ key: String) throws(RunFileError) -> Int {
      try section.required(key, in: values).count(in: ScratchMemory.kibibyteRange)
    }
    return ScratchMemory(
      weightKibibytes: try size("weightsKiB"), inputKibibytes: try size("ifmapKiB"),
      outputKibibytes: try size("ofmapKiB"),
      isDoubleBuffered: try values["doubleBuffered"]?.boolean() ?? true)
  }

  func memory() throws(RunFileError) -> ExternalMemory {
    let section = try required("dram")
    let values = try section.mapping(keys: ["bytesPerSecond", "efficiency", "capacityBytes"])
    guard let rate = values["bytesPerSecond"] else {
      throw section.error(
        "the key \"dram.bytesPerSecond\" is missing; give the bandwidth, or write unlimited if "
          + "the engine never waits for memory")
    }
    return ExternalMemory(
      bytesPerSecond: try rate.string() == "unlimited"
        ? nil : rate.count(in: ExternalMemory.rateRange),
      efficiencyMillionths: try values["efficiency"]?.millionths(in: 1...1_000_000) ?? 1_000_000,
      capacityBytes: try values["capacityBytes"]?.count(in: ExternalMemory.capacityRange))
  }

  func sources(knownPaths: Set<String>) throws(RunFileError) -> [String: String] {
    guard let section = values["sources"] else { return [:] }
    var sources: [String: String] = [:]
    for (key, value) in try section.entries() {
      guard knownPaths.contains(key) else {
        throw value.error(
          "sources names \"\(excerpt(key))\", which is no parameter of this profile; "
            + "parameters are named as in sram.weightsKiB, see: elsa accelerators show systolic32")
      }
      sources[key] = try value.string()
    }
    return sources
  }
}
