import RunFiles
import SparsityCore
import Testing

/// The program from outside that a run file names.
struct RunFileEvaluatorTests {
  private static func file(_ lines: String) throws(RunFileError) -> RunFile {
    try RunFile(
      yaml: """
        model: {weights: m.safetensors}
        data: {search: s.safetensors}
        patterns: ["2:4", "4:4"]
        \(lines)
        """, file: "run.yaml")
  }

  @Test func `name and version are read, and written as they were`() throws {
    let file = try Self.file(#"evaluator: {name: mine, version: "3.1"}"#)
    #expect(file.evaluator?.backend == Backend(name: "mine", version: "3.1"))
    #expect(try RunFile(yaml: file.yaml, file: "again.yaml") == file)
  }

  @Test func `in strict mode the evaluator's version stands for the number format`() throws {
    let lines = "evaluator: {name: a, version: 1}\nsearch: {mode: strict}"
    #expect(try Self.file(lines).search.window != nil)
    #expect(throws: RunFileError.self) { try Self.file("search: {mode: strict}") }
  }

  @Test func `a run is another one with another evaluator`() throws {
    let file = try Self.file("evaluator: {name: a, version: 1}")
    let newer = try Self.file("evaluator: {name: a, version: 2}")
    #expect(newer.differences(from: file).map(\.key) == ["evaluator.version"])
    #expect(
      try Self.file("").differences(from: file).map(\.key) == [
        "evaluator.name", "evaluator.version",
      ])
  }

  @Test(arguments: [
    ("evaluator: {name: a}", "the key \"evaluator.version\" is missing"),
    ("evaluator: {name: a/b, version: 1}", "evaluator.name is \"a/b\""),
    ("evaluator: {name: \"*\", version: 1}", "evaluator.name is \"*\""),
    ("evaluator: {name: a, version: \"1 2\"}", "evaluator.version is \"1 2\""),
    ("evaluator: {name: a, version: 1, seed: 2}", "seed"),
    ("evaluator: {name: a, version: 1}\ninstructionSet: avx2", "Elsa's own inference"),
    ("evaluator: a", "evaluator"),
  ])
  func `what is wrong is named with its place`(lines: String, part: String) {
    let error = #expect(throws: RunFileError.self) { try Self.file(lines) }
    #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("run.yaml:") == true)
  }

  @Test func `a test set cannot stand beside an evaluator`() {
    let error = #expect(throws: RunFileError.self) {
      try RunFile(
        yaml: """
          model: {weights: m.safetensors}
          data: {search: s.safetensors, test: t.safetensors}
          patterns: ["2:4", "4:4"]
          evaluator: {name: a, version: 1}
          """, file: "run.yaml")
    }
    #expect(error?.description.contains("test set") == true)
  }
}
