/// What one check of a command found.
struct Finding: Encodable {
  /// How bad it is.
  enum Level: String, Encodable {
    case fine
    case warning
    case failing

    /// The mark at the beginning of a line.
    var mark: String {
      switch self {
      case .fine: "✓"
      case .warning: "!"
      case .failing: "✗"
      }
    }
  }

  let check: String
  let found: String
  let level: Level
  let fix: String?

  /// Returns findings as a table, and below it what to do about those that are not fine.
  static func lines(of findings: [Finding]) -> [String] {
    var table = TextTable([("", .left), ("check", .left), ("found", .left)])
    for finding in findings { table.append([finding.level.mark, finding.check, finding.found]) }
    let fixes = findings.compactMap { finding in
      finding.fix.map { "\n\(finding.level.mark) \(finding.check): \($0)" }
    }
    return table.lines.dropFirst(2) + fixes
  }
}
