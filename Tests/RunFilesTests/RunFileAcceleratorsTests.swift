import RunFiles
import SparsityCore
import Testing

/// Run files that name several accelerators.
struct RunFileAcceleratorsTests {
  private func file(_ lines: String) throws -> RunFile {
    try RunFile(
      yaml: """
        model: {weights: m.safetensors}
        data: {search: s.safetensors}
        patterns: ["2:4", "4:4"]
        \(lines)
        """, file: "run.yaml")
  }

  private static let list =
    "accelerators: [{profile: systolic32, batch: 8}, {profile: cards/My.yaml, name: mine}]"

  @Test func `each has a name, its own or that of its profile`() throws {
    let file = try file(Self.list)
    let accelerators = try #require(file.subject.network).accelerators
    #expect(accelerators.map(\.name) == ["systolic32", "mine"])
    #expect(accelerators.map(\.profile) == ["systolic32", "cards/My.yaml"])
    #expect(accelerators.map(\.batch) == [8, 1])
    #expect(
      file.objectives
        == [
          .accuracy, Objective(.throughput, on: "systolic32"), Objective(.throughput, on: "mine"),
        ])
    let named = try self.file("accelerators: [{profile: a100}, {profile: ./cards/My.yaml}]")
    #expect(named.subject.network?.accelerators[1].name == "My")
  }

  @Test func `objectives, bounds and reference point are of one accelerator each`() throws {
    let file = try file(
      """
      \(Self.list)
      objectives: [accuracy, throughput@systolic32, energy@mine, macs]
      constraints:
        {latency@mine: {atMost: 5 ms}, macs: {atMost: 0.5}, energy@systolic32: {atMost: 1}}
      referencePoint: {accuracy: 0.75, energy@mine: 2 mJ}
      """)
    let energy = Objective(.energy, on: "mine")
    #expect(
      file.objectives == [.accuracy, Objective(.throughput, on: "systolic32"), energy, .macs])
    #expect(
      file.constraints.map(\.objective)
        == [Objective(.latency, on: "mine"), Objective(.energy, on: "systolic32"), .macs])
    #expect(file.referencePoint == [.accuracy: .absolute(0.75), energy: .absolute(2 * 1e-3)])
    #expect(try RunFile(yaml: file.yaml, file: "again") == file)
    #expect(file.differences(from: file).isEmpty)
    let other = try self.file(Self.list.replacingOccurrences(of: "batch: 8", with: "batch: 4"))
    let differences = try other.differences(from: self.file(Self.list))
    #expect(differences.map(\.key) == ["accelerators.systolic32.batch"])
  }

  @Test func `files of several profiles are found beside the run file`() throws {
    let resolved = try file(Self.list).resolvingPaths { "/runs/\($0)" }
    #expect(
      resolved.subject.network?.accelerators.map(\.profile) == [
        "systolic32", "/runs/cards/My.yaml",
      ])
  }

  @Test(arguments: [
    ("\(list)\naccelerator: {profile: a100}", "cannot stand beside accelerators"),
    ("accelerators: [{profile: a100}]", "list 2 to 4, or write accelerator"),
    (
      "accelerators: [{profile: a100}, {profile: a100, batch: 8}]",
      "two accelerators are called a100"
    ),
    ("accelerators: [{profile: a100}, {profile: h100, name: a b}]", "cannot name an accelerator"),
    ("accelerators: [{profile: a100}, {batch: 8}]", "profile\" is missing"),
    ("\(list)\nobjectives: [accuracy, throughput]", "known are accuracy, throughput@systolic32"),
    ("\(list)\nobjectives: [accuracy, throughput@h100]", "throughput@mine"),
    ("\(list)\nobjectives: [accuracy, macs@mine]", "macs"),
    ("\(list)\nconstraints: {latency: {atMost: 0.5}}", "latency@mine"),
    ("objectives: [accuracy, throughput@systolic32]", "known are accuracy, throughput,"),
    ("referencePoint: {accuracy: 1}", "write a fraction of the images"),
    ("referencePoint: {macs: 1}", "macs"), ("referencePoint: {throughput: -1}", "is no limit"),
    (
      "evaluator: {name: e, version: \"1\"}\n\(list)\ncosts: {latency: measured}",
      "costs are measured on one accelerator"
    ),
  ])
  func `what cannot be is refused`(lines: String, diagnostic: String) throws {
    let error = try #require(throws: RunFileError.self) { try file(lines) }
    #expect("\(error)".contains(diagnostic), "\(error)")
  }

  @Test func `a throughput of nothing counts every member`() throws {
    let file = try file("referencePoint: {accuracy: 0, throughput: 0}")
    #expect(file.referencePoint == [.accuracy: .absolute(0), .throughput: .absolute(0)])
    #expect(try RunFile(yaml: file.yaml, file: "again") == file)
  }
}
