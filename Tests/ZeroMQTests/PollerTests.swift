import Foundation
import Testing
import ZeroMQ

@Suite(.timeLimit(.minutes(20))) struct PollerTests {
  @Test func `a wait ends at its timeout when nothing comes`() throws {
    var poller = Poller()
    let wakeUp = try WakeUp()
    let source = poller.watch(wakeUp)
    let start = ContinuousClock.now
    try poller.wait(atMost: .milliseconds(20))
    #expect(ContinuousClock.now - start >= .milliseconds(20))
    let isReadable1 = poller.isReadable(source)
    #expect(!isReadable1)
  }

  @Test func `another thread ends the wait`() throws {
    var poller = Poller()
    let wakeUp = try WakeUp()
    let source = poller.watch(wakeUp)
    Thread.detachNewThread { wakeUp.signal() }
    try poller.wait(atMost: .seconds(10))
    let isReadable2 = poller.isReadable(source)
    #expect(isReadable2)
  }

  @Test func `signals before the wait count once and are forgotten when cleared`() throws {
    var poller = Poller()
    let wakeUp = try WakeUp()
    let source = poller.watch(wakeUp)
    for _ in 0..<1_000 { wakeUp.signal() }
    try poller.wait(atMost: .seconds(10))
    let isReadable3 = poller.isReadable(source)
    #expect(isReadable3)
    wakeUp.clear()
    try poller.wait(atMost: .zero)
    let isReadable4 = poller.isReadable(source)
    #expect(!isReadable4)
  }

  @Test func `a poller tells which of its sources is readable`() throws {
    let context = try Context()
    let router = try Socket(context, kind: .router, options: testOptions())
    let endpoint = try router.bind("tcp://127.0.0.1:0")
    let dealer = try Socket(context, kind: .dealer, options: testOptions())
    try dealer.connect(endpoint)
    var poller = Poller()
    let wakeUpSource = poller.watch(try WakeUp())
    let routerSource = poller.watch(router)
    let dealerSource = poller.watch(dealer)
    _ = try dealer.send([1].span)
    try poller.wait(atMost: .seconds(10))
    let isReadable5 = poller.isReadable(routerSource)
    #expect(isReadable5)
    let isReadable6 = poller.isReadable(wakeUpSource)
    #expect(!isReadable6)
    let isReadable7 = poller.isReadable(dealerSource)
    #expect(!isReadable7)
  }
}
