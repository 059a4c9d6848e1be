import Coordination
import TestSupport
import Testing
import WireProtocol

struct LifecycleTests {
  private static let choice = NumericsWindow(
    options: [ExampleBackend.precision], duration: .seconds(30))

  private func life(choosing window: NumericsWindow? = nil) -> Lifecycle {
    Lifecycle(numericsWindow: window, source: RecoverySource(), recoveredShardCount: 0)
  }

  @Test func `work begins when the start is durable`() {
    var life = life()
    #expect(life.phase == .opening)
    #expect(!life.isWorking)
    life.opened()
    #expect(life.isWorking)
    let isAgain = life.opened()
    #expect(!isAgain, "another start of the same journal changes nothing")
    life.checkInvariants()
  }

  @Test func `nothing is written before the arithmetic is chosen`() {
    var life = life(choosing: Self.choice)
    let isOpened = life.opened()
    #expect(!isOpened)
    #expect(life.applicantCount == 0)
    life.choseNumerics()
    #expect(life.phase == .opening)
    life.checkInvariants()
  }

  @Test func `a drain is new once`() {
    var life = life()
    let news = [life.drain(), life.drain()]
    #expect(news == [true, false])
    #expect(life.isDraining)
  }

  @Test(arguments: [true, false])
  func `who is asked to end alone can be asked once, to go on or not`(restarts: Bool) {
    var life = life()
    life.opened()
    #expect(life.canStop)
    life.stop(told: [WorkerID(1)], restarts: restarts)
    #expect(life.isStopping)
    #expect(!life.canStop)
    #expect(life.isRestarting == restarts)
    life.end(restarts ? .restarting : .stopped, deadline: .start)
    #expect(life.isRestarting == restarts)
  }

  @Test func `the end is reported once, when everybody has left or the time for that is over`() {
    let deadline = Instant.start + .seconds(2)
    var life = life()
    life.opened()
    life.end(.completed, deadline: deadline)
    #expect(life.isTellingCompletion)
    #expect(life.deadline == deadline)
    var late = life
    let early = life.finish(hasSessions: true, at: .start)
    #expect(early == nil)
    let ending = life.finish(hasSessions: false, at: .start)
    #expect(ending == .completed)
    #expect(life.isOver)
    let again = life.finish(hasSessions: false, at: .start)
    #expect(again == nil)
    let lateEnding = late.finish(hasSessions: true, at: deadline)
    #expect(lateEnding == .completed)
  }
}
