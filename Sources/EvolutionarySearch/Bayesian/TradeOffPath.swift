import SparsityCore

/// The genomes that lose least for what they cost, from the one that loses least of all on, when
/// losses and costs of decisions add up: a walk along the convex hulls of all decisions, the move
/// with the best exchange first (the Lagrangian of the budgeted problem).
package struct TradeOffPath: Sendable {
  /// Compact genomes, each with one choice changed against the one before.
  package let genomes: [Genome]

  /// Finds the path.
  ///
  /// - Parameters:
  ///   - losses: what each choice of each decision loses.
  ///   - costs: what each costs.
  /// - Complexity: O(*n* log *n* + *n* · *g*) for *n* choices of *g* decisions.
  package init(losses: [[Double]], costs: [[Double]]) {
    precondition(losses.count == costs.count)
    var start: [UInt8] = []
    var moves: [Move] = []
    for (decision, (losses, costs)) in zip(losses, costs).enumerated() {
      let hull = Self.hull(losses, costs)
      start.append(UInt8(hull[0]))
      for (from, to) in zip(hull, hull.dropFirst()) {
        moves.append(
          Move(
            decision: decision, choice: UInt8(to),
            price: (losses[to] - losses[from]) / (costs[from] - costs[to])))
      }
    }
    // On a hull prices only grow, so that sorting keeps the moves of a decision in order.
    moves.sort { ($0.price, $0.decision) < ($1.price, $1.decision) }
    var genes = start
    var genomes = [Genome(genes: genes)]
    for move in moves {
      genes[move.decision] = move.choice
      genomes.append(Genome(genes: genes))
    }
    self.genomes = genomes
  }

  private struct Move {
    let decision: Int
    let choice: UInt8
    /// What is lost for a unit of cost saved.
    let price: Double
  }

  /// Returns the choices on the lower convex hull, from the one that loses least on.
  private static func hull(_ losses: [Double], _ costs: [Double]) -> [Int] {
    let order = losses.indices.sorted {
      (losses[$0], costs[$0], $0) < (losses[$1], costs[$1], $1)
    }
    var hull: [Int] = []
    for choice in order {
      // Who loses more and saves nothing is of no use.
      if let last = hull.last, costs[choice] >= costs[last] { continue }
      while hull.count >= 2 {
        let (before, last) = (hull[hull.count - 2], hull[hull.count - 1])
        let old = (losses[last] - losses[before]) * (costs[before] - costs[choice])
        let new = (losses[choice] - losses[before]) * (costs[before] - costs[last])
        guard new <= old else { break }
        hull.removeLast()
      }
      hull.append(choice)
    }
    return hull
  }
}
