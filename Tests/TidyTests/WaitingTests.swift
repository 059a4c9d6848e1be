import Foundation
import Testing

/// Tests that wait for others: a test that would wait for ever holds up all that come after it.
struct WaitingTests {
  /// What processes, threads, sockets and locks are waited for with, and what wraps these.
  private static let waiting =
    #"\b(RunningProcess|Program\.(run|start)|DigitsRun|HiddenRun|Process|waitUntil|"#
    + #"RunningCoordinator|RunningWorker|runCoordinator|runWorker|DispatchSemaphore|Thread|"#
    + #"Poller|Socket|handshakeResult|with(Checked|Unsafe)(Throwing)?Continuation)\b|"#
    + #"\bwait(\(atMost| \{)"#

  @Test func `a suite that waits has a time limit`() throws {
    let expression = try NSRegularExpression(pattern: Self.waiting)
    var count = 0
    for file in try SourceTree().written where file.path.hasPrefix("Tests/") {
      guard !file.path.hasPrefix("Tests/TidyTests/"), file.path.hasSuffix(".swift"),
        file.code.contains(where: { expression.matches($0.text) })
      else { continue }
      for suite in Self.suites(of: file) {
        count += 1
        #expect(
          suite.head.contains(".timeLimit("), "\(file.path): \(suite.head) waits without a limit")
      }
    }
    #expect(count > 50)
  }

  /// The declarations at the left margin that hold tests: what stands before their braces.
  private static func suites(of file: SourceTree.File) -> [(head: String, count: Int)] {
    var suites: [(head: String, count: Int)] = []
    var head = ""
    var isInside = false
    for (_, line) in file.code {
      if isInside {
        if line.contains("@Test"), !suites.isEmpty { suites[suites.count - 1].count += 1 }
        if line.hasPrefix("}") { isInside = false }
        continue
      }
      head = line.hasPrefix("import ") ? "" : "\(head) \(line)"
      guard line.hasSuffix("{") else { continue }
      suites.append((head.trimmingCharacters(in: .whitespaces), 0))
      head = ""
      isInside = true
    }
    return suites.filter { $0.count > 0 }
  }
}
