import Coordination
import SparsityCore
import Testing
import WireProtocol

struct LossAttributionTests {
  static let killer = CandidateID(7)
  static let other = CandidateID(8)

  /// An attribution with one suspect.
  static func suspecting(_ candidates: CandidateID...) -> LossAttribution {
    var losses = LossAttribution(memoryCountMax: 100)
    losses.lose(WorkerID(1), running: candidates)
    return losses
  }

  /// Lets workers be lost in trials of the killer, with something done elsewhere during each.
  static func tryKiller(
    _ losses: inout LossAttribution, times: Int, proven: Bool = true, finishedElsewhere: Int = 0,
    lostElsewhere: Int = 0, firstWorker: UInt64 = 100
  ) {
    for trial in 0..<times {
      let worker = WorkerID(firstWorker + UInt64(trial))
      losses.begin(killer, by: worker, proven: proven)
      for _ in 0..<finishedElsewhere { losses.countFinished(by: WorkerID(2)) }
      for index in 0..<lostElsewhere {
        losses.lose(WorkerID(10_000 + UInt64(trial * 100 + index)), running: [CandidateID(99)])
      }
      losses.lose(worker, running: [killer])
    }
  }

  @Test func `the loss of a worker makes suspects of what it ran, and convicts nobody`() {
    let losses = Self.suspecting(Self.killer, Self.other)
    #expect(losses.suspects(Self.killer) && losses.suspects(Self.other))
    #expect(losses.lossCount(of: Self.killer) == 0)
    #expect(!losses.convicts(Self.killer, wasFinished: false))
  }

  @Test func `losses outside of trials never convict, however many`() {
    var losses = Self.suspecting(Self.killer)
    for worker in UInt64(2)..<100 {
      losses.lose(WorkerID(worker), running: [Self.killer, Self.other])
    }
    #expect(!losses.convicts(Self.killer, wasFinished: false))
  }

  @Test func `losses of workers that have finished nothing before do not count`() {
    var losses = Self.suspecting(Self.killer)
    Self.tryKiller(&losses, times: 50, proven: false)
    #expect(!losses.convicts(Self.killer, wasFinished: false))
  }

  @Test func `a single worker convicts by its eighth loss in a trial`() {
    var losses = Self.suspecting(Self.killer)
    Self.tryKiller(&losses, times: 7)
    #expect(!losses.convicts(Self.killer, wasFinished: false))
    Self.tryKiller(&losses, times: 1, firstWorker: 200)
    #expect(losses.convicts(Self.killer, wasFinished: false))
    #expect(!losses.convicts(Self.killer, wasFinished: true), "what was finished once needs twice")
  }

  @Test(arguments: [(10_000, 3), (200, 3), (20, 4), (5, 5), (1, 7), (0, 8)])
  func `the better the rest of the fleet does, the fewer losses convict`(
    finishedElsewhere: Int, needed: Int
  ) {
    var losses = Self.suspecting(Self.killer)
    var count = 0
    while !losses.convicts(Self.killer, wasFinished: false), count < 20 {
      Self.tryKiller(
        &losses, times: 1, finishedElsewhere: finishedElsewhere,
        firstWorker: 100 + UInt64(count))
      count += 1
    }
    #expect(count == needed)
  }

  @Test func `eight losses are needed where others are lost as well`() {
    var losses = Self.suspecting(Self.killer)
    Self.tryKiller(&losses, times: 7, finishedElsewhere: 3, lostElsewhere: 1)
    #expect(!losses.convicts(Self.killer, wasFinished: false))
  }

  @Test func `a worker that comes back takes its loss back, and its suspicion`() {
    var losses = Self.suspecting(Self.killer)
    Self.tryKiller(&losses, times: 1)
    #expect(losses.lossCount(of: Self.killer) == 1)
    #expect(losses.forgive(WorkerID(100)) == [Self.killer])
    #expect(losses.lossCount(of: Self.killer) == 0)
    #expect(losses.forgive(WorkerID(100)).isEmpty, "only once")
  }

  @Test func `what is cleared is as if nothing had been`() {
    var losses = Self.suspecting(Self.killer)
    Self.tryKiller(&losses, times: 7)
    losses.clear(Self.killer)
    #expect(losses.isEmpty)
    losses.lose(WorkerID(3), running: [Self.killer])
    #expect(losses.lossCount(of: Self.killer) == 0)
  }

  @Test func `suspects are tried in turn`() {
    var losses = Self.suspecting(Self.killer, Self.other)
    #expect(losses.candidates == [Self.killer, Self.other])
    losses.begin(Self.killer, by: WorkerID(5), proven: true)
    #expect(losses.candidates == [Self.other, Self.killer])
    #expect(losses.isTried(Self.killer) && !losses.isTried(Self.other))
    losses.endTrial(of: WorkerID(5))
    #expect(!losses.isTried(Self.killer))
  }
}
