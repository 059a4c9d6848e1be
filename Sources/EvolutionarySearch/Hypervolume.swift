/// Returns the exact volume between `points` and `referencePoint` that some point dominates.
///
/// All objectives are minimised. A point that does not lie strictly before the reference point in
/// every objective contributes nothing. The result does not depend on the order of the points.
///
/// - Complexity: O(*n* · log *n*) for two objectives, O(*n*ᵐ⁻¹) for *m* > 2.
/// - Precondition: every point has as many objectives as the reference point, at least one.
package func hypervolume(of points: [[Double]], referencePoint: [Double]) -> Double {
  precondition(!referencePoint.isEmpty)
  precondition(points.allSatisfy { $0.count == referencePoint.count })
  let inside = points.filter { point in
    zip(point, referencePoint).allSatisfy { $0 < $1 }
  }
  return slicedVolume(of: inside, referencePoint: referencePoint, dimension: referencePoint.count)
}

/// Returns the volume in the first `dimension` objectives, slice by slice of the last of them.
///
/// Recursion is as deep as there are objectives.
private func slicedVolume(
  of points: [[Double]], referencePoint: [Double], dimension: Int
) -> Double {
  if points.isEmpty { return 0 }
  let last = dimension - 1
  if dimension == 1 {
    return points.reduce(0) { max($0, referencePoint[0] - $1[0]) }
  }
  let sorted = points.sorted {
    $0[last] == $1[last] ? $0.lexicographicallyPrecedes($1) : $0[last] < $1[last]
  }
  if dimension == 2 { return sweptArea(of: sorted, referencePoint: referencePoint) }
  var volume = 0.0
  var slice: [[Double]] = []
  for (place, point) in sorted.enumerated() {
    insert(point, intoFront: &slice, dimension: last)
    let end = place + 1 < sorted.count ? sorted[place + 1][last] : referencePoint[last]
    let height = end - point[last]
    guard height > 0 else { continue }
    volume +=
      height * slicedVolume(of: slice, referencePoint: referencePoint, dimension: last)
  }
  return volume
}

/// Returns the area that points sorted by their second objective dominate.
private func sweptArea(of sorted: [[Double]], referencePoint: [Double]) -> Double {
  var area = 0.0
  var reached = referencePoint[0]
  for point in sorted where point[0] < reached {
    area += (reached - point[0]) * (referencePoint[1] - point[1])
    reached = point[0]
  }
  return area
}

/// Adds a point to a front in the first `dimension` objectives unless it is as bad as another.
private func insert(_ point: [Double], intoFront front: inout [[Double]], dimension: Int) {
  func covers(_ first: [Double], _ second: [Double]) -> Bool {
    (0..<dimension).allSatisfy { first[$0] <= second[$0] }
  }
  if front.contains(where: { covers($0, point) }) { return }
  front.removeAll { covers(point, $0) }
  front.append(point)
}
