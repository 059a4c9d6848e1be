import Foundation

/// What measurements are timed with.
enum BenchmarkClock {
  /// The CPU time of the calling thread: what other programs take from its core does not count.
  case threadTime
  /// Time that passes, for work that several threads share.
  case wallTime

  /// The seconds since some moment in the past.
  var seconds: Double {
    var time = timespec()
    let clock = self == .threadTime ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC
    let status = unsafe clock_gettime(clock, &time)
    precondition(status == 0, "every Linux has both clocks")
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Returns the seconds that `body` takes.
  func seconds(of body: () -> Void) -> Double {
    let start = seconds
    body()
    return seconds - start
  }
}
