/// Returns how far apart each individual's neighbours in its own front are (Deb et al. 2002).
///
/// The extremes of each objective are infinitely far. Of individuals with equal objectives only
/// the youngest keeps its distance and the others get 0, so that they go first.
///
/// - Complexity: O(*m* · *n* · log *n*) for *n* individuals with *m* objectives.
package func crowdingDistances(of front: [Individual]) -> [Double] {
  guard let objectiveCount = front.first?.objectives.count else { return [] }
  var distances = [Double](repeating: 0, count: front.count)
  let distinct = youngestOfEqual(front)
  for objective in 0..<objectiveCount {
    let values = front.map { $0.objectives[objective] }
    let order = distinct.sorted {
      values[$0] == values[$1] ? front[$0].id < front[$1].id : values[$0] < values[$1]
    }
    distances[order[0]] = .infinity
    distances[order[order.count - 1]] = .infinity
    let range = values[order[order.count - 1]] - values[order[0]]
    guard range > 0 else { continue }
    for place in 1..<max(1, order.count - 1) {
      distances[order[place]] += (values[order[place + 1]] - values[order[place - 1]]) / range
    }
  }
  return distances
}

/// Returns the indices of a front without those whose objectives a younger individual has too.
private func youngestOfEqual(_ front: [Individual]) -> [Int] {
  let order = front.indices.sorted { first, second in
    let left = front[first].objectives
    let right = front[second].objectives
    if left == right { return front[first].id > front[second].id }
    return left.lexicographicallyPrecedes(right)
  }
  var distinct: [Int] = []
  for index in order {
    if let last = distinct.last, front[last].objectives == front[index].objectives { continue }
    distinct.append(index)
  }
  return distinct
}
