import Glibc
import ProcessLimits
import Testing

struct StopSignalsTests {
  private static func isUrgent(
    _ number: Int32, after sinceRequest: Duration, afterInterrupt sinceInterrupt: Duration? = nil
  ) -> Bool {
    StopSignals.isUrgent(number, sinceRequest: sinceRequest, sinceInterrupt: sinceInterrupt)
  }

  @Test(arguments: [0, 1, 999, 9_999])
  func `a second SIGTERM is the same request for ten seconds`(milliseconds: Int) {
    #expect(!Self.isUrgent(SIGTERM, after: .milliseconds(milliseconds)))
  }

  @Test func `a SIGTERM after ten seconds cannot wait`() {
    #expect(Self.isUrgent(SIGTERM, after: .seconds(10)))
    #expect(Self.isUrgent(SIGTERM, after: .seconds(3_600), afterInterrupt: .seconds(3_600)))
  }

  @Test func `a second SIGINT cannot wait, unless it is an echo of the first`() {
    #expect(!Self.isUrgent(SIGINT, after: .milliseconds(10), afterInterrupt: .milliseconds(10)))
    #expect(Self.isUrgent(SIGINT, after: .milliseconds(300), afterInterrupt: .milliseconds(300)))
  }

  @Test func `a terminal and a parent that pass on the same request do not add up`() {
    // A shell sends SIGINT to the group, the parent SIGTERM to its children.
    #expect(!Self.isUrgent(SIGTERM, after: .seconds(1), afterInterrupt: .seconds(1)))
    #expect(!Self.isUrgent(SIGINT, after: .seconds(1)))
  }
}
