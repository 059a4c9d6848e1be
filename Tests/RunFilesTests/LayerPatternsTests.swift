import NetworkArchitectures
import RunFiles
import SparsityCore
import Testing

struct LayerPatternsTests {
  private let network: Network

  init() throws {
    network = try TransformerShape(
      imageSize: 8, patchSize: 2, channels: 1, width: 64, depth: 2, heads: 4, hiddenWidth: 256,
      classes: 10
    ).network
  }

  private func runFile(_ lines: String) throws -> RunFile {
    try RunFile(yaml: "model: {weights: m}\ndata: {search: v}\n" + lines, file: "run.yaml")
  }

  private func space(_ lines: String) throws -> SearchSpace {
    try runFile(lines).network.searchSpace(of: network, file: "run.yaml")
  }

  @Test func `the last rule that matches a layer wins`() throws {
    let space = try space(
      """
      patterns:
        default: ["4:4", "1:4", "2:4"]
        "blocks.0.*": ["4:4"]
        "*.attn.proj": ["4:4", "2:4"]
      """)
    #expect(space.decisions.map(\.name) == network.prunableLayers.map(\.name))
    #expect(
      space.decisions.map { $0.choices.map(\.description).joined(separator: " ") } == [
        "4:4", "2:4 4:4", "4:4", "4:4",
        "1:4 2:4 4:4", "2:4 4:4", "1:4 2:4 4:4", "1:4 2:4 4:4",
      ])
  }

  @Test func `a fixed decision has one choice, whatever patterns say`() throws {
    let space = try space(
      """
      patterns: ["2:4", "4:4"]
      fixed: {blocks.1.mlp.fc2: "1:8", blocks.0.attn.qkv: "4:4"}
      """)
    #expect(space.choiceCounts == [1, 2, 2, 2, 2, 2, 2, 1])
    #expect(space.decisions[7].choices.map(\.description) == ["1:8"])
  }

  @Test(arguments: [
    ("*", "", true), ("*", "a.b", true), ("a*", "a", true), ("*b", "ab", true),
    ("a*c", "abbc", true),
    ("a*c", "acb", false), ("*a*a*", "ba", false), ("*a*a*", "aa", true), ("a", "ab", false),
    ("", "", true), ("", "a", false), ("**", "x", true), ("*.1.*", "blocks.11.x", false),
    ("blocks.1.*", "blocks.11.x", false), ("*ab", "aab", true),
  ])
  func `a star stands for any characters`(glob: String, name: String, matches: Bool) {
    #expect(LayerPatterns.Rule(glob: glob, patterns: [.dense]).matches(name) == matches)
  }

  @Test(arguments: [
    (#"patterns: {default: ["2:4", "4:4"], "blocks.7.*": ["4:4"]}"#, "\"blocks.7.*\" matches no"),
    (#"patterns: {default: ["4:4"], "blocks.0.*": ["2:4"]}"#, "nothing to search"),
    (
      "patterns: [\"2:4\", \"4:4\"]\nfixed: {blocks.7.attn.qkv: \"2:4\"}",
      "no decision \"blocks.7.attn.qkv\"; there are blocks.0.attn.qkv"
    ),
    (
      "patterns: [\"2:4\", \"4:4\"]\nfixed: {blocks.0.attn.qkv: half}",
      "\"half\" is no pattern, which blocks.0.attn.qkv takes"
    ),
  ])
  func `rules that fit no network are refused`(lines: String, diagnostic: String) {
    let error = #expect(throws: RunFileError.self) { try space(lines) }
    #expect(error?.description.contains(diagnostic) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [
    (#"patterns: {"blocks.*": ["2:4", "4:4"]}"#, "the key \"patterns.default\" is missing"),
    (#"patterns: {default: ["2:4"], "*": ["5:4"]}"#, #""5:4" is no pattern"#),
    (#"patterns: {default: ["2:4"], "*": []}"#, "at least one value"),
    ("patterns: [\"2:4\", \"4:4\"]\nfixed: [a]", "fixed must be a mapping"),
  ])
  func `rules of another form are refused with their place`(lines: String, diagnostic: String) {
    let error = #expect(throws: RunFileError.self) { try runFile(lines) }
    #expect(error?.description.contains(diagnostic) == true, "\(error?.description ?? "")")
    #expect(error?.line != nil)
  }

  @Test(arguments: [
    #"patterns: ["2:4", "4:4"]"#,
    "patterns: {default: [\"1:4\", \"4:4\"], \"*.fc1\": [\"2:4\"], \"blocks.0.*\": [\"4:4\"]}\n"
      + "fixed: {blocks.0.attn.qkv: \"2:4\"}",
  ])
  func `rules survive the way into a run directory and back`(lines: String) throws {
    let file = try runFile(lines)
    #expect(try RunFile(yaml: file.yaml, file: "run.yaml") == file)
  }

  @Test func `other rules make another run`() throws {
    let one = try runFile(#"patterns: {default: ["2:4", "4:4"], "*.fc1": ["4:4"]}"#)
    let other = try runFile("patterns: [\"2:4\", \"4:4\"]\nfixed: {blocks.0.mlp.fc1: \"4:4\"}")
    #expect(one.differences(from: other).map(\.key) == ["patterns", "fixed.blocks.0.mlp.fc1"])
  }
}
