import Foundation
import RunFiles
import SparsityCore
import Testing

struct GenomeFileTests {
  let layers: [PrunableLayer]

  init() throws {
    layers = try TransformerShape(
      imageSize: 8, patchSize: 2, channels: 1, width: 64, depth: 2, heads: 4, hiddenWidth: 256,
      classes: 10
    ).prunableLayers
  }

  @Test func `a genome survives the way to disk and back`() throws {
    let patterns = try ["1:4", "2:4", "4:4"].map { try #require(NMPattern($0)) }
    let space = SearchSpace(layers: layers, patterns: patterns)
    let genome = Genome(genes: [0, 1, 2, 0, 2, 2, 1, 1])
    let file = GenomeFile(model: "vit", genome: genome, in: space)
    let read = try GenomeFile(json: file.json(), file: "g.json")
    #expect(read == file)
    #expect(try space.genome(choosing: read.assignment(for: layers, file: "g.json")) == genome)
  }

  @Test func `the paper's digits are proj, qkv, fc1, fc2 of each block`() throws {
    let patterns = try GenomeFile.elsaAssignment("1234,4321", for: layers)
    #expect(
      patterns.map(\.description) == ["2:4", "1:4", "3:4", "4:4", "3:4", "4:4", "2:4", "1:4"])
  }

  @Test(arguments: ["1234", "1234,123", "1234,5234", "1234,abcd", "1234,1234,1234", ""])
  func `digits that fit no model are refused`(text: String) {
    #expect(throws: RunFileError.self) { try GenomeFile.elsaAssignment(text, for: layers) }
  }

  @Test(arguments: [
    ("{", "not valid JSON"),
    ("[]", "a genome is"),
    (#"{"layers": {"blocks.0.attn.qkv": "9:4"}}"#, "has the pattern 9:4"),
    (#"{"layers": {"blocks.0.attn.qkv": "2:4"}}"#, "has no pattern"),
    (#"{"layers": {"blocks.77.attn.qkv": "2:4"}}"#, "no prunable layer \"blocks.77.attn.qkv\""),
  ])
  func `a genome of another form is refused in words`(json: String, message: String) {
    let error = #expect(throws: RunFileError.self) {
      try GenomeFile(json: Data(json.utf8), file: "g.json").assignment(for: layers, file: "g.json")
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }
}
