import Foundation
import Testing

/// State machines and shells stay small: what grows is cut into parts with methods of their own.
struct MachineSizeTests {
  /// The stored properties that a type with mutating methods has at most.
  private static let propertyCountMax = 12
  private static let targets = [
    "EvolutionarySearch", "Coordination", "CoordinatorService", "WorkerService",
    "ExternalEvaluation",
  ]

  @Test func `what changes itself has at most twelve stored properties`() throws {
    let opening = try NSRegularExpression(pattern: #"^ *[\w ()]*\b(struct|class|actor) \w+.*\{$"#)
    let property = try NSRegularExpression(
      pattern: #"^ *(public |package |private |fileprivate |private\(set\) )*(let|var) \w+"#)
    let computed = try NSRegularExpression(pattern: #"^[^=]*\{"#)
    let change = try NSRegularExpression(pattern: #"^ *[\w ()]*\bmutating func "#)
    var machineCount = 0
    for file in try SourceTree().swiftSources where Self.targets.contains(file.target) {
      for (start, line) in file.code where opening.matches(line) {
        let indent = line.prefix { $0 == " " }
        let end = file.lines[start...].firstIndex { $0 == indent + "}" } ?? file.lines.endIndex
        let member = indent + "  "
        let members = file.lines[start + 1..<end].map(String.init).filter {
          $0.hasPrefix(member) && !$0.hasPrefix(member + " ") && !$0.contains(" static ")
        }
        guard members.contains(where: { change.matches($0) }) else { continue }
        machineCount += 1
        let count = members.count { property.matches($0) && !computed.matches($0) }
        #expect(count <= Self.propertyCountMax, "\(file.path):\(start + 1) has \(count)")
      }
    }
    #expect(machineCount > 40)
  }
}
