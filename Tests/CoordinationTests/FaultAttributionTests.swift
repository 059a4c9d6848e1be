import Coordination
import SparsityCore
import Testing
import WireProtocol

struct FaultAttributionTests {
  private let worker = WorkerID(1)

  private func faults(memory: Int = 100) -> FaultAttribution {
    FaultAttribution(
      bounds: CoordinatorBounds(failureCountMax: 3, malformedCountMax: 4, refusedCountMax: memory))
  }

  private func streak(of count: Int, turnedAway: Int = 0) -> FailureStreak {
    var streak = FailureStreak()
    streak.candidates = Set((0..<count).map { CandidateID($0) })
    streak.turnAwayCount = turnedAway
    return streak
  }

  @Test func `a refused peer is told so a bounded number of times`() {
    var faults = faults()
    let refusal = Refusal(
      reason: .misbehaved, diagnostic: "no", isFinal: true, supported: ProtocolVersion.supported)
    #expect(!faults.isRefused(worker))
    faults.refuse(worker, refusal)
    #expect(faults.isRefused(worker))
    let told = (0..<100).compactMap { _ in faults.repeatRefusal(of: worker) }
    #expect(told == Array(repeating: refusal, count: 15))
  }

  @Test func `what no sound worker sends is too much at some number, peer by peer`() {
    var faults = faults()
    var counts = (0..<5).map { _ in faults.countMalformed(from: worker) }
    #expect(counts == [nil, nil, nil, 4, 5])
    counts = [faults.countMalformed(from: WorkerID(2))]
    #expect(counts == [nil])
  }

  @Test func `what is remembered of peers is bounded`() {
    var faults = faults(memory: 10)
    for number in UInt64(0)..<1000 {
      _ = faults.countMalformed(from: WorkerID(number))
      faults.keep(streak(of: 1), of: WorkerID(number))
    }
    #expect(faults.memoryCounts.allSatisfy { $0 <= 10 })
  }

  @Test func `a streak is given back to who comes back, once`() {
    var faults = faults()
    faults.keep(FailureStreak(), of: worker)
    #expect(faults.takeStreak(of: worker) == nil, "nothing has failed")
    faults.keep(streak(of: 2), of: worker)
    #expect(faults.takeStreak(of: worker)?.candidates.count == 2)
    #expect(faults.takeStreak(of: worker) == nil)
  }

  @Test
  func `a candidate counts a worker once until its next success, unless nobody else is there`() {
    let faults = faults()
    let one = streak(of: 1)
    #expect(
      faults.blame(one, isNew: true, isLeftAlone: false, speaksAgainstWorker: true) == .candidate)
    #expect(
      faults.blame(one, isNew: false, isLeftAlone: false, speaksAgainstWorker: true) == .nobody)
    #expect(
      faults.blame(one, isNew: false, isLeftAlone: true, speaksAgainstWorker: true) == .candidate)
  }

  @Test func `three in a row speak against the worker where the rest of the run says so`() {
    let faults = faults()
    let three = streak(of: 3)
    #expect(
      faults.blame(three, isNew: true, isLeftAlone: false, speaksAgainstWorker: true)
        == .worker(isFinal: false))
    #expect(
      faults.blame(three, isNew: true, isLeftAlone: false, speaksAgainstWorker: false)
        == .candidate)
    #expect(
      faults.blame(
        streak(of: 3, turnedAway: 2), isNew: true, isLeftAlone: false, speaksAgainstWorker: true)
        == .worker(isFinal: true))
  }

  @Test func `too many failures are hopeless`() {
    let faults = faults()
    #expect([8, 9].map { faults.isHopeless(streak(of: $0)) } == [false, true])
    #expect([2, 3].map { faults.isHopeless(failureCount: $0) } == [false, true])
  }
}
