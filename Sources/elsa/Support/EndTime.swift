import ArgumentParser
import Foundation
import ProcessLimits

/// The date at which something outside will end this process.
struct EndTime: ExpressibleByArgument {
  let date: Date

  /// Reads seconds since 1970, or date and time as ISO 8601 writes them, without a zone in this
  /// machine's.
  init?(argument: String) {
    if let seconds = Int(argument) {
      // Slurm writes huge numbers for jobs without a limit.
      guard (0...100_000_000_000).contains(seconds) else { return nil }
      date = Date(timeIntervalSince1970: TimeInterval(seconds))
    } else if let date = LocalTime.date(argument) {
      self.date = date
    } else {
      return nil
    }
  }

  /// Returns the point on a clock that stands for the date.
  func instant(at now: ContinuousClock.Instant, date today: Date) -> ContinuousClock.Instant {
    now + .seconds(date.timeIntervalSince(today))
  }
}

/// What is known about the end of this process, and from where.
struct KnownEnd {
  /// The time, if one is known.
  let time: EndTime?
  /// What is known as text, or `nil` where no end is to be expected.
  let diagnostic: String?

  /// Takes what an option says, else what the batch system says.
  ///
  /// - Throws: ``CommandFailure`` if a variable of the batch system makes no sense.
  init(option: EndTime?, environment: [String: String]) throws {
    if let option {
      self.init(option, source: "--end-time")
      return
    }
    guard let job = SlurmJob(environment: environment) else {
      self.init(time: nil, diagnostic: nil)
      return
    }
    do throws(SlurmJob.InvalidVariable) {
      self.init(try job.end(asking: Self.ask))
    } catch {
      throw CommandFailure(
        "\(error.name) is \"\(error.value)\", which is no number of seconds",
        nextStep: "unset it or give --end-time")
    }
  }

  private init(time: EndTime?, diagnostic: String?) {
    self.time = time
    self.diagnostic = diagnostic
  }

  private init(_ end: SlurmJob.End) {
    switch end {
    case .at(let date, let source): self.init(EndTime(date), source: source)
    case .never(let source): self.init(time: nil, diagnostic: "The job has no end, says \(source).")
    case .unknown(let reason):
      self.init(
        time: nil,
        diagnostic:
          "It is not known when the job ends: \(reason). With --end-time the worker would "
          + "leave in time.")
    }
  }

  private init(_ time: EndTime, source: String) {
    let diagnostic =
      "The process will be ended at \(time.date.formatted(.iso8601)), says \(source)."
    self.init(time: time, diagnostic: diagnostic)
  }

  /// Asks a tool of Slurm, which writes times in the one form that we read.
  private static func ask(_ tool: String, _ arguments: [String]) -> String? {
    ExternalTool.output(of: tool, arguments, environment: ["SLURM_TIME_FORMAT": "standard"])
  }
}

extension EndTime {
  fileprivate init(_ date: Date) { self.date = date }
}
