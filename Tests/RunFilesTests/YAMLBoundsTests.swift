import AcceleratorModel
import RunFiles
import Testing

/// What a YAML text may cost: depth, values and aliases have bounds that hold before a tree is
/// built, and time grows with the bytes.
@Suite(.timeLimit(.minutes(20)))
struct YAMLBoundsTests {
  private func error(_ text: String) -> String {
    do {
      _ = try RunFile(yaml: text, file: "run.yaml")
      return ""
    } catch {
      return "\(error)"
    }
  }

  /// Lists of three aliases each to the list before.
  private func nestedAliases(levels: Int) -> [String] {
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
      + (1..<levels).map { level in
        let before = "*a\(level - 1)"
        return "a\(level): &a\(level) [\(before), \(before), \(before)]"
      }
  }

  @Test(arguments: ["*last : x", "? *last\n: x", "? [*last]\n: x", "? {b: *last}\n: x"])
  func `aliases of lists cannot be keys`(key: String) {
    // With twelve levels, 447 bytes took minutes: each level is hashed as often as all below it.
    for (levels, diagnostic) in [(6, "a key must be a word"), (12, "more than 500000 values")] {
      let last = key.replacing("*last", with: "*a\(levels - 1)")
      let text = (nestedAliases(levels: levels) + [last]).joined(separator: "\n")
      #expect(error(text).contains(diagnostic), "\(error(text))")
    }
  }

  @Test func `aliases count as if they were written out`() {
    var lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in 1..<9 {
      let values = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      lines.append("a\(level): &a\(level) [\(values)]")
    }
    #expect(error(lines.joined(separator: "\n")).contains("more than 500000 values"))
  }

  @Test(arguments: ["[", "{a: ", "- ", "? "])
  func `nesting ends at its bound`(opening: String) {
    for count in [33, 1_000, 100_000] {
      let text = error(String(repeating: opening, count: count))
      #expect(
        ["more than 32 nested values", "a key must be a word", "Maximum nesting level"].contains {
          text.contains($0)
        },
        "\(text)")
    }
  }

  @Test func `nesting by indentation ends at its bound`() {
    let lines = (0..<1_000).map { String(repeating: " ", count: $0) + "a:" }
    #expect(error(lines.joined(separator: "\n")).contains("run.yaml:32:32: more than 32 nested"))
  }

  @Test func `aliases nest as deep as what they stand for`() {
    var lines = ["a0: &a0 [x]"]
    for level in 1..<40 { lines.append("a\(level): &a\(level) [*a\(level - 1)]") }
    #expect(error(lines.joined(separator: "\n")).contains("more than 32 nested"))
  }

  @Test func `an alias within what it stands for refers to nothing`() {
    #expect(error("model: &a {weights: *a}").contains("*a refers to nothing before it"))
  }

  @Test func `200,000 keys cost as much as their bytes`() {
    let keys = (0..<200_000).map { "key\($0): \($0)" }
    #expect(error(keys.joined(separator: "\n")).contains("unknown key \"key0\""))
    #expect(error((keys + ["key7: x"]).joined(separator: "\n")).contains("key given twice: key7"))
  }

  @Test func `texts, values and directives have bounds`() {
    #expect(error(String(repeating: "#\n", count: 3 << 20)).contains("at most 4194304 are read"))
    let values = "a: [" + String(repeating: "1,", count: 600_000) + "]"
    #expect(error(values).contains("more than 500000 values"))
    let tags = (0..<100_000).map { "%TAG !a\($0)! x" }.joined(separator: "\n")
    #expect(error(tags + "\n--- a").contains("run.yaml:17:1: more than 16 lines begin with %"))
  }

  @Test(arguments: [
    ("a: 1\n---\nb: 2", "2:1: the file holds a second document"), ("", "the file is empty"),
    ("# nothing", "the file is empty"), ("[a]: b", "a key must be a word"),
    ("model: *x", "1:8: *x refers to nothing"), ("model: \"a\u{1}b\"", "not valid YAML: control"),
    ("model: {weights: \"a\\0b\"}\ndata: {}", "1:18: model.weights holds a character of code zero"),
  ])
  func `what is no single document of text is refused`(text: String, message: String) {
    #expect(error(text).contains(message), "\(error(text))")
  }

  @Test func `an anchor serves where it is used`() throws {
    let file = try RunFile(
      yaml: """
        model: {weights: &w m.safetensors, config: *w}
        data: {search: val/}
        patterns: &p ["2:4", "4:4"]
        """, file: "run.yaml")
    #expect(file.network.model.config == "m.safetensors")
    #expect(error("model: &m {weight: 1}\ndata: *m").contains("1:12: unknown key \"weight\""))
  }
}
