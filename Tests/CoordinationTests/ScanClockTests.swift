import Coordination
import Testing

struct ScanClockTests {
  private let start = Instant.start + .seconds(10)

  /// A clock that was told the time just now.
  private func clock() -> ScanClock {
    var clock = ScanClock(heartbeatInterval: .seconds(1))
    _ = clock.advance(to: start, hasSessions: false)
    return clock
  }

  @Test func `the earliest wish counts, once`() {
    var clock = clock()
    #expect(clock.deadline(hasSessions: false) == nil)
    for seconds in [5, 3, 7] { clock.wantScan(at: start + .seconds(seconds)) }
    #expect(clock.deadline(hasSessions: false) == start + .seconds(3))
    let isEarly = clock.takeScan(at: start + .seconds(2))
    let isDue = clock.takeScan(at: start + .seconds(3))
    let isAgain = clock.takeScan(at: start + .seconds(9))
    #expect([isEarly, isDue, isAgain] == [false, true, false])
  }

  @Test func `with sessions the time is wanted once in a heartbeat interval`() {
    #expect(clock().deadline(hasSessions: true) == start + .seconds(1))
  }

  @Test func `two intervals without a word are an absence, after which everything is looked at`() {
    var clock = clock()
    let none = clock.advance(to: start + .seconds(2), hasSessions: true)
    #expect(none == nil)
    let absence = clock.advance(to: start + .seconds(12), hasSessions: true)
    #expect(absence == .seconds(10))
    let isDue = clock.takeScan(at: start + .seconds(12))
    #expect(isDue)
  }

  @Test func `nobody is missed during an absence without sessions`() {
    var clock = clock()
    let absence = clock.advance(to: start + .seconds(60), hasSessions: false)
    #expect(absence == nil)
  }
}
