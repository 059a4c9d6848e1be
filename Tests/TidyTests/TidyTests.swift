import Foundation
import Testing

struct TidyTests {
  let tree: SourceTree

  init() throws {
    tree = try SourceTree()
  }

  @Test func `there are files to look at`() {
    #expect(tree.swiftSources.count > 50)
  }

  @Test func `no file is over 400 lines and no line over 100 columns`() {
    for file in tree.written {
      #expect(file.lines.count <= 401, "\(file.path) has \(file.lines.count) lines")
      for (index, line) in file.lines.enumerated() where line.count > 100 {
        Issue.record("\(file.path):\(index + 1) has \(line.count) columns")
      }
    }
  }

  @Test func `imports point down or to an earlier target`() {
    for file in tree.swiftSources {
      guard let rank = Layers.rank(of: file.target) else {
        Issue.record("\(file.path): target \(file.target) stands in no layer")
        continue
      }
      for module in Self.imports(of: file) {
        guard let imported = Layers.rank(of: module) else { continue }
        #expect(imported < rank, "\(file.path) imports \(module), which lies above")
        if let owner = Layers.owners[module] {
          #expect(owner == file.target, "\(file.path) imports \(module), which \(owner) owns")
        }
      }
    }
  }

  @Test(arguments: [
    ("Foundation", #"^\s*(public |internal )?import (Foundation\w*|Glibc|Dispatch|Synchron\w*)"#),
    ("a clock", #"\b(ContinuousClock|SuspendingClock|Date\(|clock_gettime|gettimeofday)"#),
    ("a task", #"\b(Task\s*[.{(]|\w*TaskGroup\b|async\b|await\b)"#),
    ("a thread", #"\b(DispatchQueue\b|Thread\()"#),
    ("unseeded randomness", #"SystemRandomNumberGenerator|\.random\(in:((?!using).)*$"#),
    ("unseeded randomness", #"\.shuffled\(\)|\.randomElement\(\)"#),
  ])
  func `layers 0 to 2 are pure`(what: String, pattern: String) throws {
    let expression = try NSRegularExpression(pattern: pattern)
    // A lock that is never waited for: a value changes hands.
    let exempt = "Sources/SparsityCore/Handover.swift"
    for file in tree.swiftSources where file.path != exempt {
      guard let layer = Layers.layer(of: file.target), layer <= 2 else { continue }
      for (index, line) in file.code where expression.matches(line) {
        Issue.record("\(file.path):\(index + 1) uses \(what): \(line)")
      }
    }
  }

  @Test(arguments: [
    ("try!", #"\btry!"#), ("an empty catch", #"catch\s*\{\s*\}"#),
    ("@testable", #"@testable"#), ("an unfinished mark", #"\b(TO[D]O|FIX[M]E|X{3})\b"#),
    ("@unchecked Sendable without a proof", #"@unchecked Sendable"#),
  ])
  func `nothing forbidden is written`(what: String, pattern: String) throws {
    let expression = try NSRegularExpression(pattern: pattern)
    for file in tree.written where !file.path.hasPrefix("Tests/TidyTests/") {
      for (index, line) in file.code where expression.matches(line) {
        let before = file.lines[max(0, index - 6)..<index]
        let isProved = what.hasPrefix("@unchecked") && before.contains { $0.contains("//") }
        if !isProved { Issue.record("\(file.path):\(index + 1) has \(what)") }
      }
    }
  }

  @Test func `what leases, keeps and sends results knows no processor and no number format`() throws
  {
    let expression = try NSRegularExpression(
      pattern: #"\b(InstructionSet|Precision|KernelVariant)\b|\b(avx\w*|bf16|f32)\b"#)
    let targets = [
      "WireProtocol", "Coordination", "Simulation", "RunStorage", "CoordinatorService",
    ]
    for file in tree.swiftSources where targets.contains(file.target) {
      for (index, line) in file.code where expression.matches(line) {
        Issue.record("\(file.path):\(index + 1) names what only a backend knows: \(line)")
      }
    }
  }

  @Test func `no exit pulls libraries from under running threads`() throws {
    let expression = try NSRegularExpression(pattern: #"(Foundation\.|Glibc\.|^\s*)exit\("#)
    for file in tree.swiftSources {
      for (index, line) in file.code where expression.matches(line) {
        Issue.record("\(file.path):\(index + 1) ends by exit; ProcessEnd skips exit handlers")
      }
    }
  }

  @Test func `a row of a journal is read by the accessor that cannot trap`() throws {
    let expression = try NSRegularExpression(pattern: #"\brow\??\[|\btableExists\("#)
    for file in tree.swiftSources where file.target == "RunStorage" {
      for (index, line) in file.code where expression.matches(line) {
        Issue.record("\(file.path):\(index + 1) reads a row by a subscript: \(line)")
      }
    }
  }

  @Test func `nothing is public, for nothing outside the package can look`() {
    for file in tree.swiftSources {
      for (index, line) in file.code where line.drop(while: { $0 == " " }).hasPrefix("public ") {
        Issue.record("\(file.path):\(index + 1) should be package: \(line)")
      }
    }
  }

  @Test func `types and functions for other targets are documented`() throws {
    let expression = try NSRegularExpression(
      pattern: #"^ *package (\w+ )*(struct|class|enum|protocol|func) "#)
    let operators = ["package static func <", "package static func =="]
    for file in tree.swiftSources {
      for (index, line) in file.code where expression.matches(line) {
        var above = index - 1
        while above >= 0, file.lines[above].drop(while: { $0 == " " }).hasPrefix("@") { above -= 1 }
        let code = line.drop { $0 == " " }
        let isDocumented =
          above >= 0 && file.lines[above].drop { $0 == " " }.hasPrefix("//")
        let isOperator = operators.contains { code.hasPrefix($0) }
        #expect(isDocumented || isOperator, "\(file.path):\(index + 1): \(code)")
      }
    }
  }

  private static func imports(of file: SourceTree.File) -> [String] {
    file.lines.compactMap { line in
      let words = line.split(separator: " ")
      guard let position = words.firstIndex(of: "import"), position + 1 < words.count else {
        return nil
      }
      guard words[..<position].allSatisfy({ ["public", "internal", "package"].contains($0) }) else {
        return nil
      }
      return String(words[position + 1].prefix { $0 != "." })
    }
  }
}
