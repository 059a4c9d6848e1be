import Coordination
import CoordinatorService
import ProcessLimits
import Testing

struct StopPatienceTests {
  @Test func `a process that is asked to end has its time for that, once`() {
    var patience = StopPatience(timeout: .seconds(20))
    let asked = Instant.start + .seconds(5)
    let steps = [(StopRequest.none, 4), (.orderly, 5), (.orderly, 6), (.orderly, 24), (.none, 25)]
      .map { request, seconds in patience.take(request, at: .start + .seconds(seconds)) }
    #expect(steps.map(\.isNew) == [false, true, false, false, false])
    #expect(steps.map(\.isOver) == [false, false, false, false, true])
    #expect(patience.deadline == asked + .seconds(20))
  }

  @Test func `a process that is asked to end at once tells so and ends`() {
    var patience = StopPatience(timeout: .seconds(20))
    let step = patience.take(.atOnce, at: .start)
    #expect(step.isNew && step.isOver)
  }
}
