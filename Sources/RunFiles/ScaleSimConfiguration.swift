import AcceleratorModel
import SparsityCore

/// A configuration of SCALE-Sim 3 (`.cfg`), as far as it changes cycles and counts.
///
/// Words are bytes and SRAM sizes KiB. In CALC mode the array never waits; in USER mode it gets
/// `Bandwidth` words a cycle, whereas SCALE-Sim takes the bank bandwidth of its layout section.
package struct ScaleSimConfiguration: Hashable, Sendable {
  package var runName: String
  package var array: SystolicArray
  /// The KiB for inputs.
  package var inputKibibytes: Int
  /// The KiB for weights.
  package var weightKibibytes: Int
  /// The KiB for outputs.
  package var outputKibibytes: Int
  /// The words that memory moves in a cycle; `nil` in CALC mode.
  package var wordsPerCycle: Int?

  /// The keys of each section that are read.
  private static let readKeys: [String: Set<String>] = [
    "general": ["run_name"],
    "architecture_presets": [
      "arrayheight", "arraywidth", "ifmapsramszkb", "filtersramszkb", "ofmapsramszkb", "dataflow",
      "bandwidth",
    ],
    "sparsity": ["sparsitysupport", "optimizedmapping"],
    "run_presets": ["interfacebandwidth"],
  ]

  /// The keys that change neither cycles nor counts here.
  private static let otherKeys: Set<String> = [
    "ifmapoffset", "filteroffset", "ofmapoffset", "readrequestbuffer", "writerequestbuffer",
    "memorybanks", "sparserep", "blocksize", "randomnumbergeneratorseed", "useramulatortrace",
  ]

  /// Reads a configuration; `file` names it in errors.
  ///
  /// - Throws: ``RunFileError`` with the line of what is unknown, missing or impossible.
  package init(text: String, file: String) throws(RunFileError) {
    let fields = try Self.fields(of: text, file: file)
    func required(_ key: String, _ name: String) throws(RunFileError) -> Field {
      guard let field = fields[key] else {
        throw RunFileError(file: file, message: "the key \(name) is missing")
      }
      return field
    }
    func size(_ key: String, _ name: String) throws(RunFileError) -> Int {
      try required(key, name).integer(in: 1...(1 << 40))
    }
    runName = fields["run_name"]?.value ?? "scale-sim"
    let dataflow = try required("dataflow", "Dataflow")
    guard let flow = ArrayDataflow(rawValue: dataflow.value.lowercased()), flow != .best else {
      throw dataflow.error("Dataflow is \"\(excerpt(dataflow.value))\"; known are ws, is, os")
    }
    let isSparse = try fields["sparsitysupport"]?.boolean() ?? false
    let isOptimized = try fields["optimizedmapping"]?.boolean() ?? false
    let rows = try required("arrayheight", "ArrayHeight")
    do {
      array = try SystolicArray(
        rows: rows.integer(in: SystolicArray.sideRange),
        columns: required("arraywidth", "ArrayWidth").integer(in: SystolicArray.sideRange),
        dataflow: flow, isRowWise: isSparse && isOptimized)
    } catch let error as RunFileError {
      throw error
    } catch {
      throw rows.error("\(error)")
    }
    inputKibibytes = try size("ifmapsramszkb", "IfmapSramSzkB")
    weightKibibytes = try size("filtersramszkb", "FilterSramSzkB")
    outputKibibytes = try size("ofmapsramszkb", "OfmapSramSzkB")
    let mode = try required("interfacebandwidth", "InterfaceBandwidth")
    switch mode.value.uppercased() {
    case "CALC": wordsPerCycle = nil
    case "USER":
      wordsPerCycle = try required("bandwidth", "Bandwidth").integer(in: 1...1_000_000)
    default:
      throw mode.error("InterfaceBandwidth is \"\(excerpt(mode.value))\"; known are CALC and USER")
    }
  }

  /// Takes what SCALE-Sim can model of a profile.
  ///
  /// - Throws: ``RunFileError`` for what it cannot.
  package init(profile: AcceleratorProfile) throws(RunFileError) {
    func refusal(_ message: String) -> RunFileError {
      RunFileError(file: profile.name, message: message + "; SCALE-Sim cannot check this profile")
    }
    guard case .systolic(let array) = profile.engine, let scratch = profile.scratch else {
      throw refusal("the engine \(profile.engine.name) is no systolic array")
    }
    guard !array.isShadowed, array.dataflow != .best else {
      throw refusal("shadow registers and a dataflow for each layer are unknown there")
    }
    guard profile.levels == .any else { throw refusal("levels must be any") }
    guard scratch.isDoubleBuffered else { throw refusal("the SRAM must be double-buffered") }
    runName = profile.name
    self.array = array
    inputKibibytes = scratch.inputKibibytes
    weightKibibytes = scratch.weightKibibytes
    outputKibibytes = scratch.outputKibibytes
    wordsPerCycle = nil
    if let rate = profile.memory.bytesPerSecond {
      let (words, rest) = rate.quotientAndRemainder(dividingBy: profile.clockHertz)
      guard words >= 1, rest == 0, profile.memory.efficiencyMillionths == 1_000_000 else {
        throw refusal("the bandwidth is no whole number of bytes a cycle")
      }
      wordsPerCycle = words
    }
  }

  /// The profile with this array and memory; clock and energy are assumptions.
  package func profile() -> AcceleratorProfile {
    var profile = AcceleratorProfile.systolic32
    profile.name = runName
    profile.summary = "Made from the SCALE-Sim configuration \(runName)."
    profile.engine = .systolic(array)
    profile.scratch = ScratchMemory(
      weightKibibytes: weightKibibytes, inputKibibytes: inputKibibytes,
      outputKibibytes: outputKibibytes, isDoubleBuffered: true)
    profile.memory = ExternalMemory(bytesPerSecond: wordsPerCycle.map { $0 * profile.clockHertz })
    for path in profile.parameters.map(\.path)
    where ["array.", "sram.", "dram."].contains(where: path.hasPrefix) {
      profile.sources[path] = "SCALE-Sim configuration \(runName)"
    }
    return profile
  }

  /// The configuration as SCALE-Sim 3 reads it.
  package var text: String {
    """
    [general]
    run_name = \(runName)

    [architecture_presets]
    ArrayHeight: \(array.rows)
    ArrayWidth: \(array.columns)
    IfmapSramSzkB: \(inputKibibytes)
    FilterSramSzkB: \(weightKibibytes)
    OfmapSramSzkB: \(outputKibibytes)
    IfmapOffset: 0
    FilterOffset: 10000000
    OfmapOffset: 20000000
    Dataflow: \(array.dataflow.rawValue)
    Bandwidth: \(wordsPerCycle ?? 10)
    ReadRequestBuffer: 512
    WriteRequestBuffer: 512

    [layout]
    IfmapCustomLayout: False
    IfmapSRAMBankBandwidth: \(wordsPerCycle ?? 10)
    IfmapSRAMBankNum: 10
    IfmapSRAMBankPort: 2
    FilterCustomLayout: False
    FilterSRAMBankBandwidth: \(wordsPerCycle ?? 10)
    FilterSRAMBankNum: 10
    FilterSRAMBankPort: 2

    [sparsity]
    SparsitySupport: true
    SparseRep: ellpack_block
    OptimizedMapping: \(array.isRowWise)
    BlockSize: 8
    RandomNumberGeneratorSeed: 40

    [run_presets]
    InterfaceBandwidth: \(wordsPerCycle == nil ? "CALC" : "USER")
    UseRamulatorTrace: False

    """
  }
}

extension ScaleSimConfiguration {
  /// A value and its place.
  private struct Field {
    let file: String
    let line: Int
    let key: String
    let value: String

    func error(_ message: String) -> RunFileError {
      RunFileError(file: file, line: line, message: message)
    }

    func integer(in range: ClosedRange<Int>) throws(RunFileError) -> Int {
      guard let number = Int(value), range.contains(number) else {
        throw error(
          "\(key) is \"\(excerpt(value))\"; write a whole number in "
            + "\(range.lowerBound)…\(range.upperBound)")
      }
      return number
    }

    func boolean() throws(RunFileError) -> Bool {
      switch value.lowercased() {
      case "true": return true
      case "false": return false
      default: throw error("\(key) is \"\(excerpt(value))\"; write true or false")
      }
    }
  }

  /// Returns the values of all sections by their keys in lower case.
  private static func fields(
    of text: String, file: String
  ) throws(RunFileError) -> [String: Field] {
    var fields: [String: Field] = [:]
    var section = ""
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, raw) in lines.enumerated() {
      let line = trimmed(raw)
      func error(_ message: String) -> RunFileError {
        RunFileError(file: file, line: index + 1, message: message)
      }
      if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
      if line.hasPrefix("["), line.hasSuffix("]") {
        section = String(line.dropFirst().dropLast()).lowercased()
        guard readKeys[section] != nil || section == "layout" else {
          throw error(
            "unknown section [\(excerpt(section))]; is this a configuration of SCALE-Sim 3?")
        }
        continue
      }
      guard let mark = line.firstIndex(where: { $0 == ":" || $0 == "=" }) else {
        throw error("\"\(excerpt(line))\" is neither a section nor a key with a value")
      }
      let key = trimmed(line[..<mark])
      let value = trimmed(line[line.index(after: mark)...])
      let name = key.lowercased()
      if section == "layout" || otherKeys.contains(name) { continue }
      guard readKeys[section]?.contains(name) == true else {
        throw error(
          "unknown key \(excerpt(key)) in [\(excerpt(section))]; "
            + "this program reads SCALE-Sim 3's keys")
      }
      fields[name] = Field(file: file, line: index + 1, key: key, value: value)
    }
    return fields
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    let isSpace = { (character: Character) in character == " " || character == "\t" }
    return String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
  }
}
