import Coordination
import Testing

struct BackoffTests {
  private var backoff = Backoff(from: .seconds(1), upTo: .seconds(5))

  @Test func `the first attempt is due at once`() {
    #expect(backoff.isDue(at: .start))
    #expect(backoff.deadline == nil)
  }

  @Test mutating func `pauses double up to the longest`() {
    var pauses: [Duration] = []
    for _ in 0..<5 {
      backoff.wait(from: .start)
      if let deadline = backoff.deadline { pauses.append(deadline - .start) }
      backoff.grow()
    }
    #expect(pauses == [1, 2, 4, 5, 5].map { .seconds($0) })
  }

  @Test mutating func `an attempt is due when its pause is over, not before`() {
    backoff.wait(from: .start, factor: 1.5)
    #expect(!backoff.isDue(at: .start + .milliseconds(1_499)))
    #expect(backoff.isDue(at: .start + .milliseconds(1_500)))
  }

  @Test mutating func `success makes pauses short, a request for patience long`() {
    backoff.exhaust()
    backoff.wait(from: .start)
    #expect(backoff.deadline == .start + .seconds(5))
    backoff.reset()
    backoff.wait(from: .start)
    #expect(backoff.deadline == .start + .seconds(1))
  }
}
