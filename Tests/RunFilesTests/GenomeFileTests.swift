import Foundation
import NetworkArchitectures
import RunFiles
import SparsityCore
import Testing

struct GenomeFileTests {
  let network: Network
  var layers: [PrunableLayer] { network.prunableLayers }

  init() throws {
    network = try TransformerShape(
      imageSize: 8, patchSize: 2, channels: 1, width: 64, depth: 2, heads: 4, hiddenWidth: 256,
      classes: 10
    ).network
  }

  @Test func `a genome survives the way to disk and back`() throws {
    let patterns = try ["1:4", "2:4", "4:4"].map { try #require(NMPattern($0)) }
    let space = SearchSpace(layers: layers, patterns: patterns)
    let genome = Genome(genes: [0, 1, 2, 0, 2, 2, 1, 1])
    let file = GenomeFile(model: "vit", genome: genome, in: space)
    let read = try GenomeFile(json: file.json(), file: "g.json")
    #expect(read == file)
    let assignment = try read.assignment(for: layers, file: "g.json")
    #expect(space.genome(choosing: assignment.map { .pattern($0) }) == genome)
  }

  @Test func `the paper's digits are proj, qkv, fc1, fc2 of each block`() throws {
    let patterns = try GenomeFile.elsaAssignment("1234,4321", for: network)
    #expect(
      patterns.map(\.description) == ["2:4", "1:4", "3:4", "4:4", "3:4", "4:4", "2:4", "1:4"])
  }

  @Test(arguments: ["1234", "1234,123", "1234,5234", "1234,abcd", "1234,1234,1234", ""])
  func `digits that fit no model are refused`(text: String) {
    #expect(throws: RunFileError.self) { try GenomeFile.elsaAssignment(text, for: network) }
  }

  @Test(arguments: [
    ("{", "not valid JSON"),
    ("[]", "a genome is"),
    (#"{"decisions": {"blocks.0.attn.qkv": "9:4"}}"#, "chooses \"9:4\""),
    (#"{"decisions": {"blocks.0.attn.qkv": "+2:4"}}"#, "chooses \"+2:4\""),
    (#"{"decisions": {"blocks.0.attn.qkv": "02:4"}}"#, "chooses \"02:4\""),
    (#"{"decisions": {"blocks.0.attn.qkv": 2}}"#, "chooses 2; write the pattern N:M"),
    (#"{"model": 3, "decisions": {}}"#, "model is 3; write a name"),
    (
      #"{"decisions": {"blocks.0.attn.qkv": "2:4", "blocks.0.attn.qkv": "4:4"}}"#,
      "\"blocks.0.attn.qkv\" appears twice"
    ),
    (#"{"decisions": {"blocks.0.attn.qkv": "2:4"}}"#, "has no pattern"),
    (#"{"decisions": {"blocks.77.attn.qkv": "2:4"}}"#, "no prunable layer \"blocks.77.attn.qkv\""),
  ])
  func `a genome of another form is refused with a diagnostic`(json: String, message: String) {
    let error = #expect(throws: RunFileError.self) {
      try GenomeFile(json: Data(json.utf8), file: "g.json").assignment(for: layers, file: "g.json")
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  private let front = #"""
    {"points": [{"candidate": 8, "genome": {"model": "m", "decisions": {"a": "1:4"}}},
                {"candidate": 5, "genome": {"model": "m", "decisions": {"a": "4:4"}}}]}
    """#

  private func error(_ json: String, point: Int?) -> String {
    do {
      _ = try GenomeFile(json: Data(json.utf8), file: "front.json", point: point)
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test func `a point of a front is a genome`() throws {
    let second = try GenomeFile(json: Data(front.utf8), file: "front.json", point: 2)
    #expect(second.decisions == ["a": .pattern(.dense)])
    let alone = #"{"candidate": 8, "genome": {"decisions": {"a": "4:4"}}}"#
    #expect(
      try GenomeFile(json: Data(alone.utf8), file: "p.json").decisions == ["a": .pattern(.dense)])
    #expect(error(front, point: nil).contains("is a front; choose one of its 2 points"))
    #expect(error(front, point: 3).contains("has no point 3; choose one of its 2 points"))
    #expect(error(front, point: 0).contains("has no point 0"))
    #expect(error(#"{"decisions": {}}"#, point: 1).contains("is no front"))
    #expect(error(#"{"points": [7]}"#, point: 1).contains("point 1 has no genome"))
  }

  @Test func `genomes written before decisions had names of their own are read`() throws {
    let old = #"{"model": "m", "layers": {"a": "2:4"}}"#
    let file = try GenomeFile(json: Data(old.utf8), file: "g.json")
    #expect(file.decisions == ["a": .pattern(try #require(NMPattern("2:4")))])
  }

  @Test func `a genome of another model is refused`() throws {
    let file = GenomeFile(model: "deit_tiny_patch16_224.fb_in1k", decisions: [:])
    try file.check(isOf: "deit_tiny_patch16_224", file: "g.json")
    try GenomeFile(model: "", decisions: [:]).check(isOf: "vit", file: "g.json")
    try GenomeFile(model: "m.safetensors", decisions: [:]).check(isOf: "vit", file: "g.json")
    try file.check(isOf: "", file: "g.json")
    let error = #expect(throws: RunFileError.self) {
      try file.check(isOf: "vit_tiny_patch16_224", file: "g.json")
    }
    #expect(error?.description.contains("but the model is vit_tiny_patch16_224") == true)
  }
}
