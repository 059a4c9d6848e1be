import Coordination
import Testing
import WireProtocol

struct ProbeRoundsTests {
  private static func at(_ milliseconds: Int) -> Instant {
    Instant(sinceStart: .milliseconds(milliseconds))
  }

  private static func sessions(_ count: Int) -> SessionWatch {
    var watch = SessionWatch()
    for number in 0..<count {
      watch.open(WorkerID(UInt64(number)), label: "w", at: .start)
    }
    return watch
  }

  @Test func `without the end of a connection nobody is asked for`() {
    var rounds = ProbeRounds()
    #expect(rounds.nextDeadline == nil)
    #expect(rounds.takePortion(of: Self.sessions(3), at: Self.at(100_000)).isEmpty)
  }

  @Test func `a session that is silent when a connection has ended is asked for twice`() {
    var sessions = Self.sessions(3)
    var rounds = ProbeRounds()
    rounds.connectionEnded(at: Self.at(5_000))
    #expect(rounds.takePortion(of: sessions, at: Self.at(5_299)).isEmpty)
    sessions.hear(.alive, from: WorkerID(1), at: Self.at(5_200))
    #expect(rounds.nextDeadline == Self.at(5_300))
    #expect(rounds.takePortion(of: sessions, at: Self.at(5_300)) == [WorkerID(0), WorkerID(2)])
    sessions.close(WorkerID(0))
    #expect(rounds.takePortion(of: sessions, at: Self.at(5_600)) == [WorkerID(1), WorkerID(2)])
    #expect(rounds.nextDeadline == nil)
    #expect(rounds.takePortion(of: sessions, at: Self.at(9_000)).isEmpty)
  }

  @Test func `many ends make few rounds and large rounds many portions`() {
    let count = 1_000
    let sessions = Self.sessions(count)
    var rounds = ProbeRounds()
    for millisecond in 5_000..<6_000 { rounds.connectionEnded(at: Self.at(millisecond)) }
    var asked: [WorkerID] = []
    var portions = 0
    while let deadline = rounds.nextDeadline {
      let probes = rounds.takePortion(of: sessions, at: max(deadline, Self.at(6_000 + portions)))
      #expect(probes.count <= ProbeRounds.portionCountMax)
      asked += probes
      portions += 1
    }
    #expect(asked.count <= 4 * count)
    #expect(Set(asked).count == count)
    #expect(portions >= count / ProbeRounds.portionCountMax)
  }
}
