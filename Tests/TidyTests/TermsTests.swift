import Foundation
import Testing

/// One term for one thing: those that were given up stay away (STYLE.md, section 1).
struct TermsTests {
  /// A term that is not used any more.
  struct Term: CustomTestStringConvertible {
    let pattern: String
    let instead: String
    /// The targets in which the term has no other, proper meaning; all if there are none.
    var targets: [String] = []

    var testDescription: String { instead }
  }

  /// The targets in which coordinators, workers and their users meet.
  private static let distributed = [
    "WireProtocol", "Coordination", "Simulation", "RunStorage", "CoordinatorService",
    "WorkerService", "RunReports",
  ]

  static let terms = [
    Term(pattern: #"(?i)\b(un)?born\b|birth"#, instead: "propose"),
    Term(pattern: #"(?i)epoch"#, instead: "term", targets: distributed),
    Term(pattern: #"\bwords\b|Words\b"#, instead: "diagnostic or reason", targets: distributed),
    Term(pattern: #"(?i)(?<!for word )\bin words\b"#, instead: "with a diagnostic"),
    Term(
      pattern: #"\b(let|var|case|func) notes?\b|\bnote\(|\bNotes?\b"#, instead: "notification",
      targets: distributed),
    Term(pattern: #"(?i)\b(people|somebody|whoever|speaker)\b"#, instead: "user, operator or peer"),
    Term(pattern: #"(?i)desk\b"#, instead: "handler or scheduler"),
    Term(pattern: #"(?i)overdue|\blapse[sd]?\b|lapsedLeases"#, instead: "straggler or expired"),
    Term(pattern: #"(?i)second leases?\b"#, instead: "speculative lease"),
    Term(pattern: #"(?i)abandon"#, instead: "quarantine"),
    Term(pattern: #"(?i)candidates? (is|are|was|were)? ?given up"#, instead: "quarantine"),
    Term(pattern: #"(?i)\bcorner\b"#, instead: "reference point"),
    Term(pattern: #"(?i)chromosome|fitness|hall of fame"#, instead: "genome, objective, archive"),
    Term(
      pattern: #"\bplaces: |\.places\b"#, instead: "indices",
      targets: ["SparseKernels", "Pruning", "CSparseKernels"]),
  ]

  @Test(arguments: Self.terms)
  func `a term that was given up is not written`(term: Term) throws {
    let expression = try NSRegularExpression(pattern: term.pattern)
    for file in try SourceTree().written where !file.path.hasPrefix("Tests/TidyTests/") {
      guard term.targets.isEmpty || term.targets.contains(file.target) else { continue }
      for (index, line) in file.lines.enumerated() where expression.matches(String(line)) {
        Issue.record("\(file.path):\(index + 1) should say \(term.instead): \(line)")
      }
    }
  }
}
