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
  static func install() {
    for number in [SIGTERM, SIGINT] {
      signal(number) { _ in
        StopFlag.requests.add(1, ordering: .relaxed)
      }
    }
    _ = signal(SIGPIPE, SIG_IGN)
  }
}
