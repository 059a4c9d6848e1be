import Coordination

/// How fast evaluations come while a peer evaluates, and so how long the rest takes.
///
/// Time in which nobody evaluates does not count: a run that has waited for workers over night goes
/// on as fast as before.
package struct EvaluationRate {
  /// The working time between two samples.
  package static let sampleInterval = Duration.seconds(1)
  /// The samples that are kept: the rate is that of the last minute of work.
  package static let sampleCountMax = 61

  private var samples: [(worked: Duration, count: Int)] = []
  private var first: Int?
  private var last = 0
  private var worked = Duration.zero
  private var observedAt: Instant?
  private var isWorking = false

  /// Creates a rate of which nothing is known.
  package init() {}

  /// Takes note of how many evaluations there are now, and whether a peer is at the next.
  package mutating func observe(evaluationCount: Int, isWorking: Bool, at now: Instant) {
    // What happened since the last look counts as work if a peer was at it then.
    if self.isWorking, let observedAt { worked += now - observedAt }
    observedAt = now
    self.isWorking = isWorking
    first = first ?? evaluationCount
    last = evaluationCount
    if let sample = samples.last, worked - sample.worked < Self.sampleInterval { return }
    samples.append((worked: worked, count: evaluationCount))
    if samples.count > Self.sampleCountMax { samples.removeFirst() }
  }

  /// The evaluations a second of the last minute of work; of all work if none came in that minute.
  package var perSecond: Double {
    guard let oldest = samples.first, let first else { return 0 }
    let recent = Self.rate(last - oldest.count, in: worked - oldest.worked)
    return recent > 0 ? recent : Self.rate(last - first, in: worked)
  }

  /// Returns how long so many evaluations take, unless nobody is at them or nothing is known.
  package func timeLeft(forEvaluations count: Int) -> Duration? {
    let rate = perSecond
    guard isWorking, rate > 0, count >= 0 else { return nil }
    return .seconds(Double(count) / rate)
  }

  private static func rate(_ count: Int, in time: Duration) -> Double {
    time > .zero ? Double(max(0, count)) / (time / .seconds(1)) : 0
  }
}
