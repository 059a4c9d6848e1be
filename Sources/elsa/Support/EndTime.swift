import ArgumentParser
import Foundation

/// The date at which something outside will end this process.
struct EndTime: ExpressibleByArgument {
  /// The variable in which Slurm says when a job ends, in seconds since 1970.
  static let slurmVariable = "SLURM_JOB_END_TIME"

  /// The date.
  let date: Date

  /// Reads seconds since 1970, or date, time and zone as ISO 8601 writes them.
  init?(argument: String) {
    if let seconds = Int(argument) {
      // Slurm writes huge numbers for jobs without a limit.
      guard (0...100_000_000_000).contains(seconds) else { return nil }
      date = Date(timeIntervalSince1970: TimeInterval(seconds))
    } else if let date = try? Date(argument, strategy: .iso8601) {
      self.date = date
    } else {
      return nil
    }
  }

  /// Reads what Slurm says, or returns `nil` if it says nothing or the job has no end.
  ///
  /// - Throws: ``CommandFailure`` if the variable has another form.
  init?(environment: [String: String]) throws {
    guard let text = environment[Self.slurmVariable], !text.isEmpty else { return nil }
    guard let seconds = UInt64(text) else {
      throw CommandFailure(
        "\(Self.slurmVariable) is \"\(text)\", which is no number of seconds",
        nextStep: "unset it or give --end-time")
    }
    guard seconds <= 100_000_000_000 else { return nil }
    date = Date(timeIntervalSince1970: TimeInterval(seconds))
  }

  /// Returns the point on a clock that stands for the date.
  func instant(at now: ContinuousClock.Instant, date today: Date) -> ContinuousClock.Instant {
    now + .seconds(date.timeIntervalSince(today))
  }
}
