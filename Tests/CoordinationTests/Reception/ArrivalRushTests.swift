import Coordination
import Testing

struct ArrivalRushTests {
  private typealias Rush = ArrivalRush

  @Test func `newcomers to many sessions are given time, for a while`() {
    var rush = Rush()
    let many = Rush.sessionCountMin
    #expect(rush.portion(sessionCount: many, at: .start) == Rush.usual)
    rush.recordHandshake(at: .start)
    #expect(rush.portion(sessionCount: many, at: .start) == Rush.restrained)
    #expect(rush.portion(sessionCount: many - 1, at: .start) == Rush.usual)
    let end = Instant.start + Rush.duration
    #expect(rush.portion(sessionCount: many, at: end) == Rush.usual)
    rush.recordHandshake(at: end)
    #expect(rush.portion(sessionCount: many, at: end) == Rush.restrained)
  }

  @Test func `a turn is shorter in a rush, and followed by a rest`() {
    #expect(Rush.restrained.countMax < Rush.usual.countMax)
    #expect(Rush.restrained.pause > .zero)
    #expect(Rush.usual.pause == .zero)
  }
}
