import AcceleratorModel
import RunFiles
import SparsityCore
import Testing

/// Costs that evaluators measure, as a run file asks for them.
struct MeasuredCostsTests {
  private static func file(_ lines: String) throws(RunFileError) -> RunFile {
    try RunFile(
      yaml: """
        evaluator: {name: mine, version: "3"}
        model: {weights: m}
        data: {search: s}
        patterns: ["2:4", "4:4"]
        \(lines)
        """, file: "run.yaml")
  }

  @Test func `what is measured is read, and written as it was`() throws {
    let file = try Self.file("costs: {latency: measured}")
    #expect(file.measured == RunFile.Measured(quantities: .latency, repetitions: 3))
    #expect(try RunFile(yaml: file.yaml, file: "again.yaml") == file)
    let both = try Self.file("costs: {latency: measured, energy: measured, repetitions: 7}")
    #expect(both.measured == RunFile.Measured(quantities: [.latency, .energy], repetitions: 7))
    #expect(try RunFile(yaml: both.yaml, file: "again.yaml") == both)
    #expect(both.differences(from: file).map(\.key) == ["costs"])
    #expect(try Self.file("").measured == nil)
  }

  @Test func `a measured objective that is minimised counts up to its limit`() throws {
    let file = try Self.file(
      """
      costs: {latency: measured}
      objectives: [accuracy, latency]
      constraints: {latency: {atMost: 5 ms}}
      """)
    #expect(file.measuredLimit(of: .latency) == 0.005)
    #expect(file.measuredLimit(of: .energy) == nil)
  }

  @Test(arguments: [
    ("costs: {latency: 5 ms}", "costs.latency is that of the accelerator's model"),
    ("costs: {macs: measured}", "unknown key \"macs\""),
    ("costs: {repetitions: 3}", "nothing is measured"),
    ("costs: {latency: measured, repetitions: 0}", "allowed is 1…1000"),
    ("costs: {latency: measured}\nsearch: {mode: strict}", "a strict run cannot use it"),
    (
      "costs: {latency: measured}\nconstraints: {throughput: {atLeast: 1.5}}",
      "throughput is measured, so nothing is known of dense"
    ),
    (
      "costs: {latency: measured}\nobjectives: [accuracy, latency]", "add referencePoint: {latency:"
    ),
    ("costs: {energy: measured}\nobjectives: [accuracy, energy]", "add referencePoint: {energy:"),
  ])
  func `what is wrong is named with its place`(lines: String, part: String) {
    let error = #expect(throws: RunFileError.self) { try Self.file(lines) }
    #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("run.yaml:") == true)
  }

  @Test func `Elsa's own inference measures no costs`() {
    let error = #expect(throws: RunFileError.self) {
      try RunFile(
        yaml: """
          model: {weights: m}
          data: {search: s}
          patterns: ["2:4", "4:4"]
          costs: {latency: measured}
          """, file: "run.yaml")
    }
    #expect(error?.description.contains("costs needs a program that measures") == true)
  }
}
