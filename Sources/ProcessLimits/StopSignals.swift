import Glibc
import Synchronization

/// What SIGTERM and SIGINT have asked this process for.
///
/// Batch systems, service managers and shells often send a signal to a process, to its group and to
/// what has started it, so that one request arrives twice: signals that follow shortly are the same
/// request. Anyone who cannot wait repeats it later.
package enum StopSignals {
  /// The time after the first request from which on a SIGTERM asks for an end at once.
  package static let terminationPatience = Duration.seconds(10)
  /// The time after a SIGINT from which on another one asks for an end at once; an echo is faster.
  package static let interruptPatience = Duration.milliseconds(300)

  // Nanoseconds of the monotonic clock; zero for never.
  private static let requestedAt = Atomic<Int>(0)
  private static let interruptedAt = Atomic<Int>(0)
  private static let urgency = Atomic<Int>(StopRequest.none.rawValue)
  private static let lastSignal = Atomic<Int32>(0)

  /// What was asked for so far.
  package static var request: StopRequest {
    StopRequest(rawValue: urgency.load(ordering: .relaxed)) ?? .none
  }

  /// Makes SIGTERM and SIGINT ask for an end instead of ending the process, and SIGPIPE do nothing.
  ///
  /// Both are unblocked, too: a program inherits what the thread that started it had blocked. Call
  /// it before other threads start.
  package static func install() {
    // Touched here, so that the handler finds it initialised.
    urgency.store(StopRequest.none.rawValue, ordering: .relaxed)
    requestedAt.store(0, ordering: .relaxed)
    interruptedAt.store(0, ordering: .relaxed)
    lastSignal.store(0, ordering: .relaxed)
    var handled = sigset_t()
    unsafe sigemptyset(&handled)
    for number in [SIGTERM, SIGINT] {
      signal(number) { StopSignals.take($0) }
      unsafe sigaddset(&handled, number)
    }
    unsafe pthread_sigmask(SIG_UNBLOCK, &handled, nil)
    _ = signal(SIGPIPE, SIG_IGN)
  }

  /// Ends the process by the signal that has asked for it, so that its parent sees that.
  package static func endBySignal() -> Never {
    let number = lastSignal.load(ordering: .relaxed)
    let ending = number == 0 ? SIGTERM : number
    _ = signal(ending, SIG_DFL)
    raise(ending)
    // Only a debugger can have kept the signal from its work.
    _exit(128 + ending)
  }

  /// Whether a signal that follows others asks for an end at once.
  ///
  /// - Parameters:
  ///   - sinceRequest: the time since the first signal.
  ///   - sinceInterrupt: the time since the first SIGINT, or `nil` if this is the first.
  package static func isUrgent(
    _ number: Int32, sinceRequest: Duration, sinceInterrupt: Duration?
  ) -> Bool {
    if number == SIGINT, let sinceInterrupt { return sinceInterrupt >= interruptPatience }
    return sinceRequest >= terminationPatience
  }

  /// Takes a signal; runs in the handler, so it touches nothing but atomics and the clock.
  private static func take(_ number: Int32) {
    lastSignal.store(number, ordering: .relaxed)
    let now = monotonicNanoseconds()
    let first = requestedAt.compareExchange(expected: 0, desired: now, ordering: .relaxed)
    let interrupted = interruptedAt.load(ordering: .relaxed)
    if number == SIGINT, interrupted == 0 { interruptedAt.store(now, ordering: .relaxed) }
    if first.exchanged {
      urgency.store(StopRequest.orderly.rawValue, ordering: .relaxed)
      return
    }
    let isUrgent = isUrgent(
      number, sinceRequest: .nanoseconds(now - first.original),
      sinceInterrupt: interrupted == 0 ? nil : .nanoseconds(now - interrupted))
    if isUrgent { urgency.store(StopRequest.atOnce.rawValue, ordering: .relaxed) }
  }

  private static func monotonicNanoseconds() -> Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return max(1, time.tv_sec * 1_000_000_000 + time.tv_nsec)
  }
}
