/// What single points would add to the hypervolume of a front.
package struct HypervolumeGain {
  /// The points inside the reference point that no other dominates.
  private let front: [[Double]]
  private let referencePoint: [Double]

  /// Takes points, minimised, of which some may be dominated.
  package init(of points: [[Double]], referencePoint: [Double]) {
    var front: [[Double]] = []
    for point in points where zip(point, referencePoint).allSatisfy({ $0 < $1 }) {
      if front.contains(where: { Self.covers($0, point) }) { continue }
      front.removeAll { Self.covers(point, $0) }
      front.append(point)
    }
    self.front = front
    self.referencePoint = referencePoint
  }

  private static func covers(_ first: [Double], _ second: [Double]) -> Bool {
    zip(first, second).allSatisfy { $0 <= $1 }
  }

  /// Returns the volume that a point alone would dominate.
  ///
  /// - Complexity: that of ``hypervolume(of:referencePoint:)`` of the front.
  package func gain(of point: [Double]) -> Double {
    var volume = 1.0
    for (value, limit) in zip(point, referencePoint) {
      guard value < limit else { return 0 }
      volume *= limit - value
    }
    // What the front dominates of the box between the point and the reference point.
    let limited = front.map { member in zip(member, point).map { max($0, $1) } }
    if limited.contains(point) { return 0 }
    return volume - hypervolume(of: limited, referencePoint: referencePoint)
  }
}
