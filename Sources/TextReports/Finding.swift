/// What one check of a command found.
package struct Finding: Encodable, Hashable {
  /// How bad it is.
  package enum Level: String, Encodable {
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

  /// What was looked at.
  package let check: String
  /// What it is like.
  package let found: String
  package let level: Level
  /// What to do about it, where something can be done.
  package let fix: String?

  package init(check: String, found: String, level: Level, fix: String?) {
    self.check = check
    self.found = found
    self.level = level
    self.fix = fix
  }

  /// Returns findings as a table, and below it what to do about those that are not fine.
  package static func lines(of findings: [Finding]) -> [String] {
    var table = TextTable([("", .left), ("check", .left), ("found", .left)])
    for finding in findings { table.append([finding.level.mark, finding.check, finding.found]) }
    let fixes = findings.compactMap { finding in
      finding.fix.map { "\n\(finding.level.mark) \(finding.check): \($0)" }
    }
    return table.lines.dropFirst(2) + fixes
  }
}
