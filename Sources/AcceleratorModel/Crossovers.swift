import SparsityCore

/// Which patterns of a layer cost the same, and which of them nobody needs.
package struct LayerCrossover: Hashable, Sendable {
  /// Patterns of equal cycles.
  package struct Group: Hashable, Sendable {
    /// The cycles of the layer for one batch.
    package let cycles: Int64
    /// The patterns, from sparsest to densest.
    package let patterns: [NMPattern]
  }

  /// A pattern that a denser one makes needless.
  package struct Dominated: Hashable, Sendable {
    /// The needless pattern.
    package let pattern: NMPattern
    /// The denser pattern that costs no more.
    package let by: NMPattern
  }

  /// The layer's name.
  package let layer: String
  /// All patterns by their cycles, the fewest first.
  package let groups: [Group]
  /// The patterns that a denser one makes needless, from sparsest to densest.
  package let dominated: [Dominated]
}

/// What a comparison of choices looks at.
package struct CostCriteria: Hashable, Sendable {
  /// The quantities of which less is better.
  package var minimized: Set<Objective>
  /// The quantities that must be equal, because some constraint wants more of them.
  package var fixed: Set<Objective>

  /// Only time counts.
  package static let time = CostCriteria(minimized: [.latency], fixed: [])

  /// Creates criteria; accuracy is left out, as denser is taken to be at least as accurate.
  package init(minimized: Set<Objective>, fixed: Set<Objective>) {
    self.minimized = minimized.subtracting([.accuracy])
    self.fixed = fixed.subtracting([.accuracy])
  }

  /// Creates the criteria of a search: its objectives, and constraints that bound what it pays.
  package init(objectives: [Objective], constraints: [CostConstraint]) {
    let unusual = constraints.filter { ($0.bound == .atLeast) != $0.objective.isMaximized }
    self.init(
      minimized: Set(objectives + constraints.map(\.objective)),
      fixed: Set(unusual.map(\.objective)))
  }

  /// Returns what of the criteria is about an accelerator.
  func about(_ accelerator: String?) -> CostCriteria {
    func isOwn(_ objective: Objective) -> Bool {
      objective.accelerator == nil || objective.accelerator == accelerator
    }
    return CostCriteria(minimized: minimized.filter(isOwn), fixed: fixed.filter(isOwn))
  }

  /// Whether an entry costs no more than another in all that counts.
  func accepts(_ entry: CostEntry, insteadOf other: CostEntry) -> Bool {
    minimized.allSatisfy { entry.quantity($0) <= other.quantity($0) }
      && fixed.allSatisfy { entry.quantity($0) == other.quantity($0) }
  }
}

extension CostEntry {
  /// Returns the summand that an objective follows from.
  fileprivate func quantity(_ objective: Objective) -> Int64 {
    switch objective.quantity {
    case .throughput, .latency: cycles
    case .energy: energyPicojoules
    case .weightBytes: weightBits
    case .macs: macs
    case .accuracy: 0
    }
  }
}

extension GenomeCosts {
  /// Returns, for each decision and choice, the choice that makes it needless, or `nil`.
  ///
  /// Of patterns that is one that keeps more weights, can hold whatever the needless one holds,
  /// costs no more in all that counts, on every accelerator, whatever else is chosen, and is not
  /// needless itself.
  package func dominatingChoices(_ criteria: CostCriteria) -> [[Int?]] {
    space.decisions.enumerated().map { place, decision in
      let contexts = all.map { costs in
        (costs.tables.tables.flatMap { $0.contexts(of: place) }, criteria.about(costs.name))
      }
      let choices = decision.choices
      var dominating = [Int?](repeating: nil, count: choices.count)
      for index in choices.indices.reversed() {
        dominating[index] = choices.indices.reversed().first { other in
          other > index && dominating[other] == nil
            && choices[other].serves(insteadOf: choices[index])
            && contexts.allSatisfy { contexts, criteria in
              contexts.allSatisfy { criteria.accepts($0[other], insteadOf: $0[index]) }
            }
        }
      }
      return dominating
    }
  }
}

extension CostModel {
  /// Returns the patterns of each decision about weights grouped by cycles, and those that nobody
  /// needs.
  package func crossovers(_ criteria: CostCriteria = .time) -> [LayerCrossover] {
    let dominating = costs.dominatingChoices(criteria)
    return space.decisions.indices.filter { space.decisions[$0].kind == .pattern }.map { place in
      let patterns = space.decisions[place].patterns
      let cycles = costs.tables.tables.flatMap { $0.contexts(of: place) }.reduce(
        [Int64](repeating: 0, count: patterns.count)
      ) { sums, entries in zip(sums, entries).map { $0 + $1.cycles } }
      let byCycles = Dictionary(grouping: patterns.indices) { cycles[$0] }
      return LayerCrossover(
        layer: space.decisions[place].name,
        groups: byCycles.sorted { $0.key < $1.key }.map { cycles, indices in
          LayerCrossover.Group(cycles: cycles, patterns: indices.sorted().map { patterns[$0] })
        },
        dominated: patterns.indices.compactMap { index in
          dominating[place][index].map {
            LayerCrossover.Dominated(pattern: patterns[index], by: patterns[$0])
          }
        })
    }
  }
}

extension Choice {
  /// Whether a choice can be as accurate as another wherever that one stands.
  fileprivate func serves(insteadOf other: Choice) -> Bool {
    switch (self, other) {
    case (.pattern(let own), .pattern(let other)):
      own.density > other.density && own.represents(other)
    case (.category, _), (_, .category): false
    }
  }
}
