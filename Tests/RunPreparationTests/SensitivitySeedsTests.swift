import RunPreparation
import SparsityCore
import Testing

struct SensitivitySeedsTests {
  /// Two layers of equal size; the choices are 1:4, 2:4 and 4:4.
  private static let layers = ["first", "second"].map {
    PrunableLayer(name: $0, inputs: 16, outputs: 8)
  }

  private static func space() throws -> SearchSpace {
    let patterns = try ["1:4", "2:4", "4:4"].map { try #require(NMPattern($0)) }
    return SearchSpace(layers: layers, patterns: patterns)
  }

  private static func genomes(
    _ errors: [[Double]]?, count: Int, of layers: [PrunableLayer] = layers
  ) throws -> [[UInt8]] {
    SensitivitySeeds.genomes(
      outputErrors: errors, space: try space(), layers: layers, count: count
    ).map(\.genes)
  }

  @Test func `the layer that loses least is thinned first`() throws {
    // Of 256 weights 192, 160, 96 and 64 remain, step by step; 208, 160 and 112 are wanted.
    let found = try Self.genomes([[0.2, 0.1, 0], [0.9, 0.5, 0]], count: 3)
    #expect(found == [[1, 2], [0, 2], [0, 1]])
    let other = try Self.genomes([[0.9, 0.5, 0], [0.2, 0.1, 0]], count: 3)
    #expect(other == [[2, 1], [2, 0], [1, 0]])
  }

  @Test func `seeds go from nearly dense to nearly sparsest`() throws {
    let found = try Self.genomes([[0.2, 0.1, 0], [0.9, 0.5, 0]], count: 7)
    let weights = found.map { genes in genes.reduce(0) { $0 + [1, 2, 4][Int($1)] } }
    #expect(weights == weights.sorted(by: >))
    #expect(try #require(weights.first) < 8)
    #expect(try #require(weights.last) >= 2)
    #expect(Set(found).count > 2)
  }

  @Test func `there are none without errors, without wishes, or for other layers`() throws {
    let errors = [[0.2, 0.1, 0], [0.9, 0.5, 0]]
    #expect(try Self.genomes(nil, count: 3).isEmpty)
    #expect(try Self.genomes(errors, count: 0).isEmpty)
    #expect(try Self.genomes([errors[0]], count: 3).isEmpty)
    #expect(try Self.genomes(errors, count: 3).count == 3)
  }

  @Test func `a layer about which nothing is decided stays as it is`() throws {
    let layers = Self.layers + [PrunableLayer(name: "fixed", inputs: 16, outputs: 8)]
    let found = try Self.genomes([[0.2, 0.1, 0], [0.9, 0.5, 0], [0]], count: 3, of: layers)
    #expect(found.count == 3)
    #expect(found.allSatisfy { $0.count == 2 })
  }
}
