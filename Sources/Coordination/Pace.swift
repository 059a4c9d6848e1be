/// How long evaluations take: the nanoseconds an image of the last few results.
///
/// Two figures are read from it, the median and the ninth decile. Neither is a mean: a few odd
/// samples (a page fault, a suspended machine, a worker that invents numbers) change little.
package struct Pace: Hashable, Sendable {
  /// The samples that are kept.
  package let countMax: Int
  /// The upper median: the nanoseconds that an image takes as a rule.
  package private(set) var typical: Int?
  /// The ninth decile: the nanoseconds that an image rarely exceeds.
  package private(set) var slow: Int?
  /// The samples, nanoseconds an image.
  package private(set) var samples: [Int] = []
  /// The place of the sample that the next one replaces.
  package private(set) var next = 0

  /// The longest evaluation that is believed, in microseconds: a day.
  private static let microsecondsMax = 86_400_000_000

  /// Creates a pace of which nothing is known.
  package init(countMax: Int) {
    precondition(countMax > 0)
    self.countMax = countMax
  }

  /// Restores a pace from its samples, or returns `nil` if they cannot be one's.
  package init?(countMax: Int, samples: [Int], next: Int) {
    self.init(countMax: countMax)
    guard samples.count <= countMax, samples.allSatisfy({ $0 >= 0 }),
      next == 0 || (samples.count == countMax && (0..<countMax).contains(next))
    else { return nil }
    self.samples = samples
    self.next = next
    summarize()
  }

  /// Takes note of an evaluation.
  ///
  /// - Complexity: O(*n* log *n*) for *n* samples.
  package mutating func observe(microseconds: Int, images: Int) {
    precondition(images > 0)
    let sample = min(max(0, microseconds), Self.microsecondsMax) * 1_000 / images
    if samples.count < countMax {
      samples.append(sample)
    } else {
      samples[next] = sample
      next = (next + 1) % countMax
    }
    summarize()
  }

  private mutating func summarize() {
    let sorted = samples.sorted()
    guard !sorted.isEmpty else { return }
    typical = sorted[sorted.count / 2]
    slow = sorted[min(sorted.count - 1, sorted.count * 9 / 10)]
  }
}

extension Duration {
  /// Returns the time for some images at a pace of nanoseconds an image, one after another.
  package static func time(images: Int, nanosecondsPerImage: Int) -> Duration {
    .nanoseconds(nanosecondsPerImage) * images
  }

  /// The whole microseconds, at most the largest number.
  var wholeMicroseconds: Int {
    let (seconds, attoseconds) = components
    let (product, overflows) = Int(seconds).multipliedReportingOverflow(by: 1_000_000)
    return overflows ? .max : product &+ Int(attoseconds / 1_000_000_000_000)
  }
}
