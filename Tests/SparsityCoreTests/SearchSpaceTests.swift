import NetworkArchitectures
import SparsityCore
import Testing

struct SearchSpaceTests {
  let space: SearchSpace

  init() throws {
    let shape = try TransformerShape(
      imageSize: 224, patchSize: 16, channels: 3, width: 192, depth: 1, heads: 3,
      hiddenWidth: 768, classes: 1000)
    let patterns = try ["4:4", "1:4", "2:4"].map { try #require(NMPattern($0)) }
    space = SearchSpace(layers: shape.prunableLayers, patterns: patterns)
  }

  @Test func `levels run from sparsest to densest`() {
    #expect(space.patterns.map(\.description) == ["1:4", "2:4", "4:4"])
  }

  @Test func `a genome and its patterns stand for each other`() {
    let genome = Genome(genes: [0, 2, 1, 1])
    #expect(space.genome(choosing: space.patterns(of: genome)) == genome)
    #expect(space.genome(choosing: []) == nil)
  }

  @Test func `the canonical text does not depend on the levels of the space`() throws {
    let wider = SearchSpace(
      layers: space.layers, patterns: space.patterns + [try #require(NMPattern("3:4"))])
    let patterns = space.patterns(of: Genome(genes: [0, 2, 1, 1]))
    let other = try #require(wider.genome(choosing: patterns))
    let text = space.canonicalText(of: Genome(genes: [0, 2, 1, 1]))
    #expect(text == wider.canonicalText(of: other))
    #expect(
      text == "blocks.0.attn.qkv=1:4;blocks.0.attn.proj=4:4;"
        + "blocks.0.mlp.fc1=2:4;blocks.0.mlp.fc2=2:4")
  }

  @Test func `a genome of another length or level is not contained`() {
    #expect(!space.contains(Genome(genes: [0, 0, 0])))
    #expect(!space.contains(Genome(genes: [0, 0, 0, 3])))
  }
}
