import Coordination
import Testing
import WireProtocol

struct OutboxTests {
  @Test func `what is asked for comes out once, in order, with messages numbered`() throws {
    let run = try TestRun().run
    var outbox = Outbox(run: run, term: Term(3))
    outbox.send(.alive, to: WorkerID(1))
    outbox.notify(.draining)
    #expect(outbox.envelope(of: .drain).sequence == 1, "it does not count as sent")
    outbox.send(.drain, to: WorkerID(2))
    outbox.append(.startAuditor)
    let envelopes = [Message.alive, .drain].enumerated().map { index, message in
      Envelope(run: run, term: Term(3), sequence: UInt64(index), message: message)
    }
    let effects = outbox.take()
    #expect(
      effects == [
        .send(envelopes[0], to: WorkerID(1)), .notify(.draining),
        .send(envelopes[1], to: WorkerID(2)), .startAuditor,
      ])
    #expect(outbox.take().isEmpty)
  }
}
