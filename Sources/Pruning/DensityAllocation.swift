/// Returns how dense each layer should be so that a share of all weights is kept and the sum of the
/// layers' output errors is small.
///
/// At the best densities every layer's error grows as fast for each weight less: the segments of
/// the curves' lower convex hulls are taken in the order of their slopes, as in LSP (arXiv
/// 2407.02068), but without a hardware term.
///
/// - Parameters:
///   - density: The share of all weights to keep, in 0…1.
///   - curves: For each layer its output errors at densities 0, 1/*n*, … 1.
///   - weightCounts: The weights of each layer.
/// - Returns: For each layer a step 0…*n* of its curve; together they keep at least `density`, and
///   at most one segment of a hull more.
/// - Complexity: O(points · log points).
package func allocateDensity(
  _ density: Double, curves: [[Double]], weightCounts: [Int]
) -> [Int] {
  precondition(curves.count == weightCounts.count)
  precondition((0...1).contains(density))
  precondition(curves.allSatisfy { $0.count > 1 } && weightCounts.allSatisfy { $0 > 0 })
  var segments: [(slope: Double, layer: Int, end: Int, cost: Double)] = []
  for (layer, curve) in curves.enumerated() {
    let hull = lowerHull(of: curve)
    for (start, end) in zip(hull, hull.dropFirst()) {
      let cost = Double(weightCounts[layer]) * Double(end - start) / Double(curve.count - 1)
      segments.append(((curve[start] - curve[end]) / cost, layer, end, cost))
    }
  }
  // The steepest first; of equals the lower layer and step, so that the result is one.
  segments.sort { ($1.slope, $0.layer, $0.end) < ($0.slope, $1.layer, $1.end) }
  var steps = [Int](repeating: 0, count: curves.count)
  let wanted = density * Double(weightCounts.reduce(0, +))
  var kept = 0.0
  for segment in segments {
    // Sums of shares of weights round; a millionth of a weight is none.
    guard kept < wanted - 1e-6 else { break }
    steps[segment.layer] = segment.end
    kept += segment.cost
  }
  return steps
}

/// Returns the places of the points on the lower convex hull of a curve, from left to right.
private func lowerHull(of curve: [Double]) -> [Int] {
  var hull: [Int] = []
  for next in curve.indices {
    while hull.count > 1 {
      let (first, middle) = (hull[hull.count - 2], hull[hull.count - 1])
      let toMiddle = (curve[middle] - curve[first]) * Double(next - first)
      let toNext = (curve[next] - curve[first]) * Double(middle - first)
      guard toMiddle >= toNext else { break }
      hull.removeLast()
    }
    hull.append(next)
  }
  return hull
}
