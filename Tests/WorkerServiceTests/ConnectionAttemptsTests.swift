import Coordination
import Testing
import WorkerService
import ZeroMQ

struct ConnectionAttemptsTests {
  private static let two = WorkerConnection(endpoints: ["tcp://a:1", "tcp://b:2"], keys: nil)
  private static let one = WorkerConnection(endpoints: ["tcp://a:1"], keys: nil)

  private var attempts = ConnectionAttempts(
    two, attemptTimeout: .seconds(2), handshakeTimeout: .seconds(10), at: .start)
  private let now = Instant.start + .seconds(2)

  @Test mutating func `an address that does not answer in time is left for the next`() {
    #expect(!attempts.isOver(at: .start + .milliseconds(1_999)))
    #expect(attempts.isOver(at: now))
    let first = attempts.conclude(at: now)
    let hasMoved = attempts.move(to: Self.two)
    #expect(
      first == .trouble("tcp://a:1 cannot be reached; is the coordinator running?", isNew: true))
    #expect(hasMoved && attempts.endpoint == "tcp://b:2")
    #expect(!attempts.isOver(at: now))
    let second = attempts.conclude(at: now + .seconds(2))
    let hasReturned = attempts.move(to: Self.two)
    #expect(second == nil, "the way round is not told again")
    #expect(hasReturned && attempts.endpoint == "tcp://a:1")
  }

  @Test mutating func `one that answers has the time of a handshake`() {
    _ = attempts.apply(.connected, at: .start)
    #expect(!attempts.isOver(at: now))
    #expect(attempts.isOver(at: .start + .seconds(10)))
    _ = attempts.apply(.ready, at: .start)
    #expect(!attempts.isOver(at: .start + .seconds(10)))
    _ = attempts.apply(.disconnected(descriptor: 3), at: .start + .seconds(20))
    #expect(!attempts.isOver(at: .start + .seconds(21)))
    #expect(attempts.isOver(at: .start + .seconds(22)))
  }

  @Test mutating func `a connection that closes does not hide the reason given before`() {
    let notices = [ConnectionEvent.refused(.keyNotAllowed), .refused(.closed)].map {
      attempts.apply($0, at: .start)
    }
    #expect(attempts.isKeyRefused)
    let diagnostic = "tcp://a:1: \(HandshakeFailure.keyNotAllowed)"
    #expect(notices == [.trouble(diagnostic, isNew: true), nil])
    let again = attempts.apply(.refused(.keyNotAllowed), at: .start)
    let end = attempts.apply(.ready, at: .start)
    #expect(again == .trouble(diagnostic, isNew: false))
    #expect(end == .recovered("tcp://a:1 can be reached again"))
    #expect(!attempts.isKeyRefused)
  }

  @Test func `the only address is connected to anew where its handshake was refused, once`() {
    var attempts = ConnectionAttempts(
      Self.one, attemptTimeout: .seconds(2), handshakeTimeout: .seconds(10), at: .start)
    let before = attempts.move(to: Self.one)
    _ = attempts.apply(.refused(.closed), at: .start)
    let after = [attempts.move(to: Self.one), attempts.move(to: Self.one)]
    #expect(!before, "libzmq tries again by itself")
    #expect(after == [true, false])
  }

  @Test mutating func `another connection begins at its first address`() {
    let moves = [Self.two, Self.one].map { attempts.move(to: $0) }
    #expect(moves == [true, true])
    #expect(attempts.endpoint == "tcp://a:1")
    #expect(attempts.connection == Self.one)
  }
}
