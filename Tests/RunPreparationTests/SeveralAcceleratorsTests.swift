import AcceleratorModel
import Coordination
import EvolutionarySearch
import RunFiles
import RunPreparation
import SparsityCore
import Testing

/// Costs, fronts and needless choices of runs with several accelerators.
struct SeveralAcceleratorsTests {
  private static let space = SearchSpace(
    decisions: ["p", "q", "r"].map {
      Decision(name: $0, choices: [.category("small"), .category("large")])
    })

  /// Costs of which every decision's choices take so many cycles; a batch of `batch` images at
  /// 1,000 cycles a second.
  private static func listed(
    _ source: String, cycles: [[Int64]], batch: Int
  ) throws -> GenomeCosts {
    let entries = cycles.map { $0.map { CostEntry(cycles: $0, macs: 1) } }
    let fixed = CostEntry(cycles: 100)
    var dense = fixed
    for choices in entries { dense += choices[1] }
    return try GenomeCosts(
      of: space, source: source,
      tables: entries.enumerated().map { place, entries in
        CostTables.Table(decisions: [place], counts: [2], entries: entries)
      }, fixed: fixed, dense: dense,
      units: CostUnits(batch: batch, clockHertz: 1_000, quantities: [.latency, .macs]))
  }

  /// On `a` the first decision saves most, on `b` the second, and on both the third saves a little
  /// less than that.
  private static func joined() throws -> GenomeCosts {
    GenomeCosts(joining: [
      ("a", try listed("first", cycles: [[10, 20], [19, 20], [14, 20]], batch: 1)),
      ("b", try listed("second", cycles: [[38, 40], [20, 40], [28, 40]], batch: 8)),
    ])
  }

  private static func genome(_ genes: UInt8...) -> Genome { Genome(genes: genes) }

  @Test func `the cost of a genome is a sum by hand on each accelerator`() throws {
    let costs = try Self.joined()
    // a: 100 + 10 + 20 + 14 = 144; b: 100 + 38 + 40 + 28 = 206 cycles.
    let cost = costs.cost(of: Self.genome(0, 1, 0))
    #expect(cost.value(of: Objective(.latency, on: "a")) == 0.144)
    #expect(cost.value(of: Objective(.latency, on: "b")) == 0.206)
    #expect(cost.value(of: Objective(.throughput, on: "a")) == 1 / 0.144)
    #expect(cost.value(of: Objective(.throughput, on: "b")) == 8 / 0.206)
    #expect(cost.value(of: .latency) == 0.144, "what names none is that of the first")
    #expect(cost.value(of: Objective(.latency, on: "c")) == nil)
    #expect(cost.value(of: .macs) == 3)
    let dense = costs.denseCost
    #expect(dense.value(of: Objective(.latency, on: "a")) == 0.160)
    #expect(dense.value(of: Objective(.latency, on: "b")) == 0.220)
    #expect(costs.cost(of: Self.genome(1, 1, 1)) == dense)
    let least = costs.bounds.least
    #expect(least.value(of: Objective(.latency, on: "a")) == 0.143)
    #expect(least.value(of: Objective(.latency, on: "b")) == 0.186)
  }

  @Test func `what workers report has the integers of every accelerator`() throws {
    let costs = try Self.joined()
    let cost = costs.cost(of: Self.genome(0, 0, 0))
    #expect(cost.allWireNames.count == 14 && cost.allWireNames == costs.denseCost.allWireNames)
    let named = Dictionary(uniqueKeysWithValues: zip(cost.allWireNames, cost.wireValues))
    #expect(named["latencyCycles"] == 143)
    #expect(named["latencyCycles@b"] == 186)
    let alone = try Self.listed("first", cycles: [[1, 2], [1, 2], [1, 2]], batch: 1)
    #expect(alone.denseCost.allWireNames == Cost.wireNames)
  }

  @Test func `the front holds compromises that the front of neither accelerator has`() throws {
    let costs = try Self.joined()
    func front(_ objectives: [Objective]) -> Set<Genome> {
      var archive = Archive()
      for number in 0..<8 {
        let genome = Genome(genes: (0..<3).map { UInt8(number >> $0 & 1) })
        // Each small choice loses three images of a hundred.
        let accuracy = 1 - 0.03 * Double(genome.genes.count { $0 == 0 })
        let cost = costs.cost(of: genome)
        let values = objectives.map { $0.minimized(cost.value(of: $0) ?? accuracy) }
        archive.insert(
          Individual(id: CandidateID(number), genome: genome, objectives: values, violation: 0))
      }
      return Set(archive.individuals.map(\.genome))
    }
    let (a, b) = (Objective(.throughput, on: "a"), Objective(.throughput, on: "b"))
    let onA = front([.accuracy, a])
    let onB = front([.accuracy, b])
    let both = front([.accuracy, a, b])
    // One small choice: the first saves 10 and 2 cycles, the second 1 and 20, the third 6 and 12.
    #expect(onA.contains(Self.genome(0, 1, 1)) && !onA.contains(Self.genome(1, 1, 0)))
    #expect(onB.contains(Self.genome(1, 0, 1)) && !onB.contains(Self.genome(1, 1, 0)))
    #expect(both.contains(Self.genome(1, 1, 0)))
    #expect(both.isSuperset(of: onA.union(onB)))
  }

  @Test func `a choice is needless only where it saves nothing on any accelerator`() throws {
    let patterns = ["1:4", "2:4", "3:4", "4:4"]
    // On 64 rows, 1:4 and 3:4 buy nothing for 96 inputs; on 32 rows they do.
    let wide = try costs(
      patterns, on: AcceleratorProfile.systolic32.overriding(rows: 64, columns: 64))
    let narrow = try costs(patterns, on: AcceleratorProfile.systolic32)
    let both = GenomeCosts(joining: [("wide", wide), ("narrow", narrow)])
    func needless(_ costs: GenomeCosts, _ objectives: Objective...) -> Int {
      let criteria = CostCriteria(objectives: [.accuracy] + objectives, constraints: [])
      return costs.dominatingChoices(criteria).joined().count { $0 != nil }
    }
    let alone = needless(wide, .throughput)
    #expect(alone > 0)
    let (onWide, onNarrow) = (
      Objective(.throughput, on: "wide"), Objective(.throughput, on: "narrow")
    )
    #expect(needless(both, onWide) == alone)
    #expect(needless(both, onWide, onNarrow) < alone)
    #expect(needless(both, onNarrow) == needless(narrow, .throughput))
  }

  @Test func `bounds are about the accelerator that they name`() throws {
    let costs = try Self.joined()
    let bound = CostConstraint(
      objective: Objective(.latency, on: "b"), bound: .atMost, limit: .relativeToDense(0.95))
    let constraints = RunConstraints([bound], dense: costs.denseCost)
    #expect(constraints.violation(of: costs.cost(of: Self.genome(0, 1, 1))) > 0)
    #expect(constraints.violation(of: costs.cost(of: Self.genome(1, 0, 1))) <= 0)
    try constraints.check(feasibleIn: costs, objectives: [Objective(.throughput, on: "a")])
    #expect(throws: (any Error).self) {
      try constraints.check(feasibleIn: costs, objectives: [Objective(.energy, on: "b")])
    }
  }
}
