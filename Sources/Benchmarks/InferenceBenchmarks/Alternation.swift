/// Several kinds of work that are measured in turns, so that what slows the machine slows them all.
package struct Alternation {
  /// Does the work of one side `runs` times and returns the seconds that it took.
  package typealias Side = (_ runs: Int) -> Double

  /// How often each side is measured.
  package let repetitions: Int
  /// The least time that a measurement shall take; short work is run several times in it.
  package let secondsMin: Double

  /// The most runs of one measurement.
  package static let runsMax = 1_000_000

  package init(repetitions: Int, secondsMin: Double) {
    precondition(repetitions > 0)
    precondition(secondsMin >= 0)
    self.repetitions = repetitions
    self.secondsMin = secondsMin
  }

  /// Measures every side, one after the other, as often as asked, and returns the median seconds of
  /// one run of each.
  ///
  /// Before that each side runs twice: once to warm up, once to learn how long it takes.
  package func medianSeconds(of sides: [Side]) -> [Double] {
    let runs = sides.map { side in
      _ = side(1)
      return runCount(secondsOfOne: side(1))
    }
    var seconds = [[Double]](repeating: [], count: sides.count)
    for _ in 0..<repetitions {
      for index in sides.indices {
        seconds[index].append(sides[index](runs[index]) / Double(runs[index]))
      }
    }
    return seconds.map { median(of: $0) }
  }

  /// Returns how many runs of work that takes `secondsOfOne` fill a measurement.
  package func runCount(secondsOfOne: Double) -> Int {
    guard secondsOfOne > 0 else { return Self.runsMax }
    let count = (secondsMin / secondsOfOne).rounded(.up)
    return count < Double(Self.runsMax) ? max(1, Int(count)) : Self.runsMax
  }
}

/// Returns the middle value, or the mean of the two in the middle.
///
/// - Precondition: `values` is not empty and holds no NaN.
package func median(of values: [Double]) -> Double {
  precondition(!values.isEmpty)
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
