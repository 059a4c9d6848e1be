import AcceleratorModel
import RunPreparation
import SparsityCore
import Testing

struct NeededChoicesTests {
  private static let time = CostCriteria(objectives: [.accuracy, .throughput], constraints: [])

  /// On 64 rows, 96 inputs take one fold up to 2:4 and two above: 1:4 and 3:4 buy nothing.
  private static func wide() throws -> GenomeCosts {
    try costs(
      ["1:4", "2:4", "3:4", "4:4"],
      on: AcceleratorProfile.systolic32.overriding(rows: 64, columns: 64))
  }

  @Test func `patterns for which a denser one costs no more are left out`() throws {
    let costs = try Self.wide()
    let needed = NeededChoices(costs: costs, criteria: Self.time)
    let places = costs.space.decisions.indices.filter {
      costs.space.decisions[$0].name.hasSuffix("attn.qkv")
    }
    #expect(places.count == 2)
    for place in places { #expect(needed.allowed[place] == [1, 3]) }
    let kept = needed.allowed.reduce(0) { $0 + $1.count }
    #expect(needed.droppedCount == 4 * costs.space.decisions.count - kept)
    #expect(needed.droppedCount >= 4)
  }

  @Test func `the summary says how many, for what, and how to keep them`() throws {
    let needed = NeededChoices(costs: try Self.wide(), criteria: Self.time)
    #expect(needed.diagnostic.hasPrefix("left out \(needed.droppedCount) of 32 choices"))
    #expect(needed.diagnostic.contains("costs no more on systolic32"))
    #expect(needed.diagnostic.contains("blocks.0.attn.qkv 1:4 3:4"))
    #expect(needed.diagnostic.hasSuffix("(search.dropDominated: false keeps them)"))
  }

  @Test func `nothing is left out where every pattern saves something`() throws {
    let costs = try Self.wide()
    let criteria = CostCriteria(objectives: [.accuracy, .throughput, .macs], constraints: [])
    let needed = NeededChoices(costs: costs, criteria: criteria)
    #expect(needed.droppedCount == 0)
    #expect(needed.allowed.allSatisfy { $0 == [0, 1, 2, 3] })
  }

  @Test func `a genome takes the denser pattern for each that is left out, and comes once`() throws
  {
    let costs = try Self.wide()
    let needed = NeededChoices(costs: costs, criteria: Self.time)
    let count = costs.space.decisions.count
    let place = try #require(
      costs.space.decisions.firstIndex { $0.name == "blocks.0.attn.qkv" })
    let dense = Genome(uniform: 3, count: count)
    var genes = dense.genes
    // 3:4 is needless there: the genome becomes the dense one, which is there already.
    genes[place] = 2
    let replaced = needed.replacing(
      in: [dense, Genome(genes: genes), Genome(uniform: 0, count: count)])
    #expect(replaced.count == 2)
    #expect(replaced[0] == dense)
    #expect(replaced[1].genes[place] == 1)
    for genome in replaced {
      #expect(zip(genome.genes, needed.allowed).allSatisfy { $1.contains($0) })
    }
  }
}
