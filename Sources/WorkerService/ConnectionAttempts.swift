import Coordination
import ZeroMQ

/// Which address a worker is connected to, when it tries another one, and what it says of troubles.
///
/// It does no input or output and reads no clock.
package struct ConnectionAttempts: Sendable {
  /// What a user is told of the way to the coordinator.
  package enum Notice: Hashable, Sendable {
    /// Something is wrong; it is new if it is not what was said last.
    case trouble(String, isNew: Bool)
    /// A coordinator can be reached again.
    case recovered(String)
  }

  /// Where the coordinator is looked for.
  package private(set) var connection: WorkerConnection
  /// Whether messages can be exchanged.
  package private(set) var isReady = false
  /// Whether the last refusal was for the key.
  package private(set) var isKeyRefused = false
  private let attemptTimeout: Duration
  private let handshakeTimeout: Duration
  private var endpointIndex = 0
  private var deadline: Instant
  private var wasRefused = false
  /// What was said last, until a coordinator is reached.
  private var trouble: String?
  private var isTroubleCertain = false

  /// Begins with the first address.
  ///
  /// - Parameters:
  ///   - attemptTimeout: how long an address has to answer.
  ///   - handshakeTimeout: how long it has from its answer to the end of the handshake.
  package init(
    _ connection: WorkerConnection, attemptTimeout: Duration, handshakeTimeout: Duration,
    at now: Instant
  ) {
    self.connection = connection
    self.attemptTimeout = attemptTimeout
    self.handshakeTimeout = handshakeTimeout
    deadline = now + attemptTimeout
  }

  /// The address that is tried or connected to.
  package var endpoint: String { connection.endpoints[endpointIndex] }

  /// Whether this address has had its time.
  package func isOver(at now: Instant) -> Bool { !isReady && deadline <= now }

  /// Takes note of what has happened to the connection.
  package mutating func apply(_ event: ConnectionEvent, at now: Instant) -> Notice? {
    switch event {
    case .acceptFailed, .listening, .accepted: return nil
    case .connected:
      deadline = now + handshakeTimeout
      return nil
    case .ready:
      let notice = trouble.map { _ in Notice.recovered("\(endpoint) can be reached again") }
      isReady = true
      isTroubleCertain = false
      isKeyRefused = false
      trouble = nil
      return notice
    case .disconnected:
      if isReady { deadline = now + attemptTimeout }
      isReady = false
      return nil
    case .refused(let failure):
      isReady = false
      wasRefused = true
      deadline = min(deadline, now + attemptTimeout)
      // A connection that closes says less than a reason that was given before.
      if failure == .closed, isTroubleCertain { return nil }
      isTroubleCertain = failure != .closed
      isKeyRefused = failure == .keyNotAllowed
      return report("\(endpoint): \(failure)")
    }
  }

  /// Ends the wait for this address; the next attempt has its time from now on.
  package mutating func conclude(at now: Instant) -> Notice? {
    deadline = now + attemptTimeout
    guard trouble == nil else { return nil }
    return report("\(endpoint) cannot be reached; is the coordinator running?")
  }

  /// Takes up a trouble.
  package mutating func report(_ diagnostic: String) -> Notice {
    defer { trouble = diagnostic }
    return .trouble(diagnostic, isNew: diagnostic != trouble)
  }

  /// Moves on to the next address, or to the first one of another connection; returns whether it
  /// must be connected to.
  package mutating func move(to current: WorkerConnection) -> Bool {
    let index = current == connection ? (endpointIndex + 1) % connection.endpoints.count : 0
    let isOther = current != connection || index != endpointIndex
    // libzmq does not try again where its handshake was refused; the key may be allowed by now.
    guard isOther || wasRefused else { return false }
    wasRefused = false
    if isOther { isTroubleCertain = false }
    connection = current
    endpointIndex = index
    return true
  }
}
