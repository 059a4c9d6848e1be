/// How much a coordinator reads at once, so that those who want to join get in.
///
/// libzmq's thread accepts one connection in each round over the sockets that have messages: a few
/// a second beside thousands of busy workers. Who waits too long begins again, for ever. So few
/// messages are taken at once for a while after each handshake.
package struct ArrivalRush: Sendable {
  /// What is read at once.
  package struct Portion: Hashable, Sendable {
    /// The messages that are taken before effects of other sources get their turn.
    package let countMax: Int
    /// The rest afterwards.
    package let pause: Duration
  }

  /// The portion while nobody arrives.
  package static let usual = Portion(countMax: 512, pause: .zero)
  /// The portion while connections come in to many sessions.
  package static let restrained = Portion(countMax: 16, pause: .milliseconds(5))
  /// The sessions from which on newcomers are given time.
  package static let sessionCountMin = 1_000
  /// How long after a handshake more of them are expected.
  package static let duration = Duration.milliseconds(500)

  private var deadline = Instant.start

  /// Creates the state in which nobody arrives.
  package init() {}

  /// Takes note of a handshake.
  package mutating func recordHandshake(at now: Instant) { deadline = now + Self.duration }

  /// Returns how much is read at once.
  package func portion(sessionCount: Int, at now: Instant) -> Portion {
    deadline > now && sessionCount >= Self.sessionCountMin ? Self.restrained : Self.usual
  }
}
