import Coordination
import SparsityCore
import Testing
import WireProtocol

/// What a session knows besides what the worker has in hand.
struct SessionPartsTests {
  private let now = Instant.start + .seconds(100)
  private let key: ShardKey

  init() throws {
    key = ShardKey(try #require(ContentHash(bytes: Array(repeating: 1, count: 32))))
  }

  private func held(_ imagesDone: Int) -> [HeldShard] {
    let shard = ShardID(candidate: CandidateID(1), slice: 0)
    return [
      HeldShard(shard: shard, key: key, state: .running(imagesDone: imagesDone), token: .absent)
    ]
  }

  @Test func `a worker that beats and makes no progress is stalled`() {
    var contact = WorkerContact(heardAt: now)
    contact.report(held(1), at: now + .seconds(1))
    contact.hear(at: now + .seconds(9))
    contact.report(held(1), at: now + .seconds(9))
    #expect(contact.silence(at: now + .seconds(10)) == .seconds(1))
    #expect(contact.isStalled(for: .seconds(8), at: now + .seconds(9)))
    contact.report(held(2), at: now + .seconds(9))
    #expect(!contact.isStalled(for: .seconds(8), at: now + .seconds(9)))
  }

  @Test func `a worker with nothing in hand is not stalled`() {
    var contact = WorkerContact(heardAt: now)
    contact.report([], at: now + .seconds(9))
    #expect(!contact.isStalled(for: .seconds(1), at: now + .seconds(9)))
  }

  @Test func `an absence of the coordinator is no silence of the worker`() {
    var contact = WorkerContact(heardAt: now)
    contact.report(held(1), at: now)
    contact.allow(for: .seconds(60))
    #expect(contact.silence(at: now + .seconds(61)) == .seconds(1))
    #expect(!contact.isStalled(for: .seconds(8), at: now + .seconds(61)))
  }

  @Test func `a message that was delayed says nothing about the departure any more`() {
    var departure = WorkerDeparture()
    #expect(!departure.isDue(at: now + .seconds(1_000_000)))
    departure.take(5_000, sequence: 2, at: now)
    departure.take(nil, sequence: 1, at: now)
    #expect(departure.endsAt == now + .seconds(5))
    #expect(!departure.isDue(at: now + .seconds(4)))
    #expect(departure.isDue(at: now + .seconds(5)))
    departure.take(nil, sequence: 3, at: now)
    #expect(!departure.isDue(at: now + .seconds(5)))
    departure.announce()
    #expect(departure.isDue(at: now))
  }

  @Test func `a success ends a streak of failures, a result that counts also a defeat`() {
    let candidate = CandidateID(4)
    var streak = FailureStreak()
    streak.candidates = [candidate]
    var standing = WorkerStanding()
    standing.fail(streak)
    standing.beat()
    #expect(standing.hasFailed(with: candidate))
    standing.prove()
    #expect(standing.isProven && standing.hasFailed(with: candidate))
    standing.succeed()
    #expect(!standing.hasFailed(with: candidate))
    #expect(standing.isBeaten)
    standing.deliver()
    #expect(!standing.isBeaten)
  }

  @Test func `a session leaves the queue in which it waits, once`() {
    var place = QueuePlace()
    place.index = 3
    place.join()
    let isOther = place.leave(2)
    #expect(!isOther && place.waits(in: 3))
    let isOwn = place.leave(3)
    #expect(isOwn && !place.isWaiting)
    let isAgain = place.leave(3)
    #expect(!isAgain)
  }
}
