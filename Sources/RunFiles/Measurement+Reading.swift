import AcceleratorModel
import SparsityCore

extension Measurement {
  /// The most measurements of a profile.
  private static let countMax = 10_000

  /// Reads the measurements of a profile: a list, or a CSV file and what to take of it.
  static func all(
    in section: YAMLValue, contents: (String) throws(RunFileError) -> String
  ) throws(RunFileError) -> [Measurement] {
    var measurements: [Measurement] = []
    var known: Set<String> = []
    func append(_ item: Measurement, place: RunFileError) throws(RunFileError) {
      guard known.insert("\(item.product) \(item.pattern)").inserted else {
        throw RunFileError(
          file: place.file, line: place.line, column: place.column,
          message: "\(item.product) at \(item.pattern) is measured twice; keep one")
      }
      measurements.append(item)
    }
    if section.isSequence {
      for entry in try section.sequence() {
        try append(Measurement(entry), place: entry.error(""))
      }
    } else {
      let values = try section.mapping(keys: ["file", "device", "dtype"])
      let path = try section.required("file", in: values).string()
      let table = try CSVTable(contents(path), file: path)
      for row in table.rows {
        if try row.matches("device", values["device"]), try row.matches("dtype", values["dtype"]) {
          try append(Measurement(row), place: row.error(""))
        }
      }
      guard !measurements.isEmpty else {
        throw section.error("no row of \(path) has this device and dtype; see its columns")
      }
    }
    guard measurements.count <= countMax else {
      throw section.error("\(measurements.count) measurements; at most \(countMax) are read")
    }
    return measurements
  }

  /// Reads a table of measured products with the columns M, K, N, level and latency_us.
  ///
  /// - Throws: ``RunFiles/RunFileError`` with the line of what is missing or impossible.
  package static func table(
    csv text: String, file: String
  ) throws(RunFileError) -> [Measurement] {
    var measurements: [Measurement] = []
    for row in try CSVTable(text, file: file).rows { measurements.append(try Measurement(row)) }
    guard !measurements.isEmpty else {
      throw RunFileError(file: file, message: "no product; add lines below the first")
    }
    guard measurements.count <= countMax else {
      throw RunFileError(
        file: file, message: "\(measurements.count) measurements; at most \(countMax) are read")
    }
    return measurements
  }

  /// Reads an entry of a list.
  private init(_ value: YAMLValue) throws(RunFileError) {
    let values = try value.mapping(keys: [
      "M", "K", "N", "level", "microseconds", "p10Microseconds", "p90Microseconds",
    ])
    func size(_ key: String) throws(RunFileError) -> Int {
      try value.required(key, in: values).count(in: Self.sizeRange)
    }
    let level = try value.required("level", in: values)
    guard let pattern = NMPattern(try level.string()) else {
      throw level.error("level is \"\(try level.string())\"; write N:M, as in 2:4")
    }
    self.init(
      product: MatrixProduct(tokens: try size("M"), inputs: try size("K"), outputs: try size("N")),
      pattern: pattern,
      picoseconds: try value.required("microseconds", in: values)
        .millionths(in: Self.picosecondRange),
      lowPicoseconds: try values["p10Microseconds"]?.millionths(in: Self.picosecondRange),
      highPicoseconds: try values["p90Microseconds"]?.millionths(in: Self.picosecondRange))
  }

  /// Reads a row of a CSV file.
  private init(_ row: CSVTable.Row) throws(RunFileError) {
    func size(_ column: String) throws(RunFileError) -> Int {
      try row.number(column, scale: 0, in: Self.sizeRange)
    }
    func time(_ column: String) throws(RunFileError) -> Int {
      try row.number(column, scale: 6, in: Self.picosecondRange)
    }
    let level = try row.text("level")
    guard let pattern = level == "dense" ? .dense : NMPattern(level) else {
      throw row.error("level is \"\(excerpt(level))\"; write N:M, as in 2:4, or dense")
    }
    self.init(
      product: MatrixProduct(tokens: try size("M"), inputs: try size("K"), outputs: try size("N")),
      pattern: pattern, picoseconds: try time("latency_us"),
      lowPicoseconds: row.has("p10_us") ? try time("p10_us") : nil,
      highPicoseconds: row.has("p90_us") ? try time("p90_us") : nil)
  }

  /// The sizes that a measured product may have.
  private static let sizeRange = 1...1_000_000_000
}

/// A table of comma-separated values whose first line names the columns.
struct CSVTable {
  /// A line below the first.
  struct Row {
    fileprivate let file: String
    fileprivate let line: Int
    fileprivate let cells: [String: String]

    /// Returns an error at this row.
    func error(_ message: String) -> RunFileError {
      RunFileError(file: file, line: line, message: message)
    }

    /// Whether a column has a value here.
    func has(_ column: String) -> Bool { !(cells[column] ?? "").isEmpty }

    /// Returns a value.
    func text(_ column: String) throws(RunFileError) -> String {
      guard let cell = cells[column], !cell.isEmpty else {
        throw error("the column \(column) is missing or empty")
      }
      return cell
    }

    /// Returns a number, multiplied by a power of ten.
    func number(
      _ column: String, scale: Int, in range: ClosedRange<Int>
    ) throws(RunFileError) -> Int {
      let text = try text(column)
      guard let value = DecimalNumber(text)?.scaled(byPowerOfTen: scale), range.contains(value)
      else { throw error("\(column) is \"\(excerpt(text))\", which is no number or out of range") }
      return value
    }

    /// Whether a column has the value of a filter; without a filter, whatever it has.
    func matches(_ column: String, _ filter: YAMLValue?) throws(RunFileError) -> Bool {
      guard let filter else { return true }
      return try text(column) == filter.string()
    }
  }

  /// The lines below the first.
  let rows: [Row]

  /// Reads a table; cells hold no commas.
  init(_ text: String, file: String) throws(RunFileError) {
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(Self.trimmed) }
    guard let header = lines.first, header.count > 1 else {
      throw RunFileError(file: file, line: 1, message: "the first line must name the columns")
    }
    var rows: [Row] = []
    for (index, cells) in lines.enumerated().dropFirst() where cells != [""] {
      // A trailing comma, as SCALE-Sim writes it, is no cell.
      let cells = cells.count == header.count + 1 && cells.last == "" ? cells.dropLast() : cells
      guard cells.count == header.count else {
        throw RunFileError(
          file: file, line: index + 1,
          message: "\(counted(cells.count, "value")) for \(counted(header.count, "column"))")
      }
      let named = Dictionary(zip(header, cells)) { first, _ in first }
      rows.append(Row(file: file, line: index + 1, cells: named))
    }
    self.rows = rows
  }

  private static func trimmed(_ cell: Substring) -> String {
    String(cell.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
