/// Whether `first` is nowhere worse than `second` and somewhere better; less is better.
package func dominates(_ first: [Double], _ second: [Double]) -> Bool {
  precondition(first.count == second.count)
  var isBetter = false
  for index in first.indices {
    if first[index] > second[index] { return false }
    if first[index] < second[index] { isBetter = true }
  }
  return isBetter
}

/// Whether `first` dominates `second` when constraints come first (Deb et al. 2002).
///
/// A feasible individual dominates an infeasible one, and of two infeasible ones that with the
/// smaller violation dominates.
package func constrainedDominates(_ first: Individual, _ second: Individual) -> Bool {
  switch (first.isFeasible, second.isFeasible) {
  case (true, true): dominates(first.objectives, second.objectives)
  case (true, false): true
  case (false, true): false
  case (false, false): first.violation < second.violation
  }
}

/// Returns the rank of each individual: 0 for the Pareto front, 1 for the front behind it, …
///
/// Fast non-dominated sorting (Deb et al. 2002).
///
/// - Complexity: O(*m* · *n*²) for *n* individuals with *m* objectives.
package func nonDominatedRanks(of individuals: [Individual]) -> [Int] {
  let count = individuals.count
  var dominatorCounts = [Int](repeating: 0, count: count)
  var dominated = [[Int]](repeating: [], count: count)
  for first in 0..<count {
    for second in first + 1..<max(count, first + 1) {
      if constrainedDominates(individuals[first], individuals[second]) {
        dominated[first].append(second)
        dominatorCounts[second] += 1
      } else if constrainedDominates(individuals[second], individuals[first]) {
        dominated[second].append(first)
        dominatorCounts[first] += 1
      }
    }
  }
  var ranks = [Int](repeating: 0, count: count)
  var front = (0..<count).filter { dominatorCounts[$0] == 0 }
  var rank = 0
  while !front.isEmpty {
    var next: [Int] = []
    for member in front {
      ranks[member] = rank
      for other in dominated[member] {
        dominatorCounts[other] -= 1
        if dominatorCounts[other] == 0 { next.append(other) }
      }
    }
    front = next
    rank += 1
  }
  return ranks
}
