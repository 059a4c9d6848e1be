import NetworkArchitectures
import SparsityCore
import Testing

struct SearchSpaceTests {
  let layers: [PrunableLayer]
  let space: SearchSpace

  init() throws {
    let shape = try TransformerShape(
      imageSize: 224, patchSize: 16, channels: 3, width: 192, depth: 1, heads: 3,
      hiddenWidth: 768, classes: 1000)
    layers = shape.network.prunableLayers
    space = SearchSpace(layers: layers, patterns: try Self.patterns("4:4", "1:4", "2:4"))
  }

  private static func patterns(_ texts: String...) throws -> [NMPattern] {
    try texts.map { try #require(NMPattern($0)) }
  }

  private static func decision(_ name: String, _ texts: String...) throws -> Decision {
    Decision(name: name, choices: try texts.map { try #require(Choice($0, kind: .pattern)) })
  }

  @Test func `choices run from what computes least to what computes most`() {
    for decision in space.decisions {
      #expect(decision.choices.map(\.description) == ["1:4", "2:4", "4:4"])
    }
  }

  @Test(arguments: DecisionKind.allCases)
  func `a choice is read back from its text, and no other text is one`(kind: DecisionKind) throws {
    let choice = try #require(Choice("3:8", kind: kind))
    #expect(choice.kind == kind)
    #expect(choice.description == "3:8")
    let strange = ["", " 3:8", "3:8;", "3=8", "3\n", String(repeating: "a", count: 65)]
    for text in kind.isOrdered ? ["3", "3:", "9:8", "03:8"] + strange : strange {
      #expect(Choice(text, kind: kind) == nil, "\(text)")
    }
  }

  @Test func `names of a list keep its order, and uniform genomes go through it from the last`() {
    func listed(_ name: String, _ choices: [String]) -> Decision {
      Decision(name: name, choices: choices.map { .category($0) })
    }
    let space = SearchSpace(decisions: [listed("a", ["z", "b", "q"]), listed("c", ["x", "y"])])
    #expect(space.decisions[0].choices.map(\.description) == ["z", "b", "q"])
    #expect(space.uniformGenomes.map(\.genes) == [[2, 1], [1, 0], [0, 0]])
    #expect(space.canonicalText(of: Genome(genes: [1, 0])) == "a=b;c=x")
  }

  @Test func `a genome and its choices stand for each other`() {
    let genome = Genome(genes: [0, 2, 1, 1])
    #expect(space.genome(choosing: space.choices(of: genome)) == genome)
    #expect(space.genome(choosing: []) == nil)
  }

  @Test func `the canonical text does not depend on what else could be chosen`() throws {
    let wider = SearchSpace(layers: layers, patterns: try Self.patterns("4:4", "1:4", "2:4", "3:4"))
    let genome = Genome(genes: [0, 2, 1, 1])
    let other = try #require(wider.genome(choosing: space.choices(of: genome)))
    let text = space.canonicalText(of: genome)
    #expect(text == wider.canonicalText(of: other))
    #expect(
      text == "blocks.0.attn.qkv=1:4;blocks.0.attn.proj=4:4;"
        + "blocks.0.mlp.fc1=2:4;blocks.0.mlp.fc2=2:4")
  }

  @Test func `a genome of another length or with an unknown choice is not contained`() throws {
    #expect(!space.contains(Genome(genes: [0, 0, 0])))
    #expect(!space.contains(Genome(genes: [0, 0, 0, 3])))
    let uneven = SearchSpace(decisions: [
      try Self.decision("a", "1:4", "4:4"), try Self.decision("b", "2:4"),
    ])
    #expect(uneven.choiceCounts == [2, 1])
    #expect(uneven.contains(Genome(genes: [1, 0])))
    #expect(!uneven.contains(Genome(genes: [0, 1])))
  }

  @Test func `uniform genomes choose the same wherever they can, the densest first`() throws {
    #expect(space.uniformGenomes.map(\.genes) == [[2, 2, 2, 2], [1, 1, 1, 1], [0, 0, 0, 0]])
    let uneven = SearchSpace(decisions: [
      try Self.decision("a", "1:4", "2:4", "4:4"), try Self.decision("b", "2:4", "3:4"),
      try Self.decision("c", "4:4"),
    ])
    // 4:4, 3:4, 2:4 and 1:4; where there is none as sparse, the sparsest.
    #expect(uneven.uniformGenomes.map(\.genes) == [[2, 1, 0], [1, 1, 0], [1, 0, 0], [0, 0, 0]])
  }

  @Test func `the dense genome keeps all weights, wherever something is decided about them`() throws
  {
    #expect(space.denseGenome(of: layers)?.genes == [2, 2, 2, 2])
    let some = SearchSpace(decisions: [try Self.decision(layers[2].name, "1:4", "4:4")])
    #expect(some.denseGenome(of: layers)?.genes == [1])
    let fixed = SearchSpace(decisions: [
      try Self.decision(layers[2].name, "1:4", "4:4"), try Self.decision(layers[0].name, "2:4"),
    ])
    #expect(fixed.denseGenome(of: layers) == nil)
    let listed = SearchSpace(decisions: [
      Decision(name: "a", choices: [.category("s"), .category("m"), .category("l")])
    ])
    #expect(listed.denseGenome(of: [])?.genes == [2])
  }

  @Test func `layers find the decisions about their weights by name`() throws {
    let some = SearchSpace(decisions: [
      try Self.decision(layers[2].name, "1:4", "4:4"), try Self.decision(layers[0].name, "2:4"),
    ])
    #expect(some.decisions(about: layers) == [1, nil, 0, nil])
    #expect(
      some.patterns(of: layers).map { $0.map(\.description) }
        == [["2:4"], ["4:4"], ["1:4", "4:4"], ["4:4"]])
    #expect(
      some.patterns(of: layers, in: Genome(genes: [0, 0])).map(\.description)
        == ["2:4", "4:4", "1:4", "4:4"])
  }
}
