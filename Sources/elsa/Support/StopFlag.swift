import Foundation
import Synchronization

/// Whether the program was asked to end (SIGTERM or SIGINT).
enum StopFlag {
  private static let requests = Atomic<Int>(0)

  /// The number of requests so far.
  static var requestCount: Int { requests.load(ordering: .relaxed) }

  /// Whether a request has come.
  static var isSet: Bool { requestCount > 0 }

  /// Makes SIGTERM and SIGINT set the flag instead of ending the program.
  ///
  /// Both are unblocked, too: a program inherits what the thread that started it had blocked. Call
  /// it before other threads start.
  static func install() {
    var handled = sigset_t()
    unsafe sigemptyset(&handled)
    for number in [SIGTERM, SIGINT] {
      signal(number) { _ in
        StopFlag.requests.add(1, ordering: .relaxed)
      }
      unsafe sigaddset(&handled, number)
    }
    unsafe pthread_sigmask(SIG_UNBLOCK, &handled, nil)
    _ = signal(SIGPIPE, SIG_IGN)
  }
}
