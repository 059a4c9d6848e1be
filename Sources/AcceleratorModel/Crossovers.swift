import SparsityCore

/// Which levels of a layer cost the same, and which of them nobody needs.
public struct LayerCrossover: Hashable, Sendable {
  /// Levels of equal cycles.
  public struct Group: Hashable, Sendable {
    /// The cycles of the layer for one batch.
    public let cycles: Int64
    /// The patterns, from sparsest to densest.
    public let patterns: [NMPattern]
  }

  /// A level that a denser one makes needless.
  public struct Dominated: Hashable, Sendable {
    /// The needless pattern.
    public let pattern: NMPattern
    /// The denser pattern that costs no more.
    public let by: NMPattern
  }

  /// The layer.
  public let layer: PrunableLayer
  /// All levels by their cycles, the fewest first.
  public let groups: [Group]
  /// The levels that a denser one makes needless, from sparsest to densest.
  public let dominated: [Dominated]
}

/// What a comparison of levels looks at.
public struct CostCriteria: Hashable, Sendable {
  /// The quantities of which less is better.
  public var minimized: Set<Objective>
  /// The quantities that must be equal, because some constraint wants more of them.
  public var fixed: Set<Objective>

  /// Only time counts.
  public static let time = CostCriteria(minimized: [.latency], fixed: [])

  /// Creates criteria; accuracy is left out, as denser is taken to be at least as accurate.
  public init(minimized: Set<Objective>, fixed: Set<Objective>) {
    self.minimized = minimized.subtracting([.accuracy])
    self.fixed = fixed.subtracting([.accuracy])
  }

  /// Creates the criteria of a search: its objectives, and constraints that bound what it pays.
  public init(objectives: [Objective], constraints: [CostConstraint]) {
    let unusual = constraints.filter { ($0.bound == .atLeast) != $0.objective.isMaximized }
    self.init(
      minimized: Set(objectives + constraints.map(\.objective)),
      fixed: Set(unusual.map(\.objective)))
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
    switch objective {
    case .throughput, .latency: cycles
    case .energy: energyPicojoules
    case .weightBytes: weightBits
    case .macs: macs
    case .accuracy: 0
    }
  }
}

extension CostModel {
  /// Returns, for each layer and level, the level that makes it needless, or `nil`.
  ///
  /// That level keeps more weights, can hold whatever the needless one holds, costs no more in all
  /// that counts, and is not needless itself.
  public func dominatingLevels(_ criteria: CostCriteria) -> [[Int?]] {
    let patterns = space.patterns
    return space.layers.indices.map { layer in
      var dominating = [Int?](repeating: nil, count: patterns.count)
      for level in patterns.indices.reversed() {
        dominating[level] = patterns.indices.reversed().first { other in
          other > level && dominating[other] == nil
            && patterns[other].density > patterns[level].density
            && patterns[other].represents(patterns[level])
            && criteria.accepts(
              entry(layer: layer, level: other), insteadOf: entry(layer: layer, level: level))
        }
      }
      return dominating
    }
  }

  /// Returns the levels of each layer grouped by cycles, and those that nobody needs.
  public func crossovers(_ criteria: CostCriteria = .time) -> [LayerCrossover] {
    zip(space.layers.indices, dominatingLevels(criteria)).map { layer, dominating in
      let levels = space.patterns.indices
      let byCycles = Dictionary(grouping: levels) { entry(layer: layer, level: $0).cycles }
      return LayerCrossover(
        layer: space.layers[layer],
        groups: byCycles.sorted { $0.key < $1.key }.map { cycles, levels in
          LayerCrossover.Group(cycles: cycles, patterns: levels.sorted().map { space.patterns[$0] })
        },
        dominated: levels.compactMap { level in
          dominating[level].map {
            LayerCrossover.Dominated(pattern: space.patterns[level], by: space.patterns[$0])
          }
        })
    }
  }

  /// The costs that no genome goes below and none exceeds, quantity by quantity.
  public var costBounds: (least: Cost, greatest: Cost) {
    var least = fixed
    var greatest = fixed
    for layer in space.layers.indices {
      let entries = space.patterns.indices.map { entry(layer: layer, level: $0) }
      least += entries.dropFirst().reduce(entries[0]) { $0.minimum($1) }
      greatest += entries.dropFirst().reduce(entries[0]) { $0.maximum($1) }
    }
    return (
      Self.cost(of: least, dense: dense, batch: batch, profile: profile),
      Self.cost(of: greatest, dense: dense, batch: batch, profile: profile)
    )
  }
}
