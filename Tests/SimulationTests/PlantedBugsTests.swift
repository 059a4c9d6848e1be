import Foundation
import Testing

struct PlantedBugsTests {
  private struct Bug {
    var name = ""
    var file = ""
    var old = ""
    var new = ""
  }

  private static func bugs() throws -> [Bug] {
    let list = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "PlantedBugs/bugs")
    let text = try String(contentsOf: list, encoding: .utf8)
    var bugs: [Bug] = []
    for line in text.split(separator: "\n") {
      let rest = String(line.dropFirst(5))
      switch line.prefix(5) {
      case "name ": bugs.append(Bug(name: rest))
      case "file ": bugs[bugs.count - 1].file = rest
      case "old  ": bugs[bugs.count - 1].old = rest
      case "new  ": bugs[bugs.count - 1].new = rest
      default: #expect(line.hasPrefix("#"), "\(line) is no line of a bug")
      }
    }
    return bugs
  }

  @Test func `every bug can be planted where it says`() throws {
    let bugs = try Self.bugs()
    #expect(bugs.count >= 12)
    #expect(Set(bugs.map(\.name)).count == bugs.count)
    let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources")
    for bug in bugs {
      let text = try String(contentsOf: sources.appending(path: bug.file), encoding: .utf8)
      let places = text.components(separatedBy: bug.old).count - 1
      #expect(places == 1, "\(bug.name): its text stands \(places) times in \(bug.file)")
      #expect(bug.new.contains("$bug"), "\(bug.name) is there in every process")
    }
  }
}
