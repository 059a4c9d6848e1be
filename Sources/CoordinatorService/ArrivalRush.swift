import Coordination

/// How much a coordinator reads at once, so that those who want to join get in.
///
/// libzmq's thread accepts one connection in each round over the sockets that have messages: a few
/// a second beside thousands of busy workers. Who waits too long begins again, for ever. So few
/// messages are taken at once for a while after each handshake.
struct ArrivalRush {
  /// What is read at once.
  struct Portion: Hashable {
    /// The messages that are taken before effects of other sources get their turn.
    let countMax: Int
    /// The seconds of rest afterwards.
    let pauseSeconds: Double
  }

  /// The portion while nobody arrives.
  static let usual = Portion(countMax: 512, pauseSeconds: 0)
  /// The portion while connections come in to many sessions.
  static let restrained = Portion(countMax: 16, pauseSeconds: 0.005)
  /// The sessions from which on newcomers are given time.
  static let sessionCountMin = 1_000
  /// How long after a handshake more of them are expected.
  static let duration = Duration.milliseconds(500)

  private var deadline = Instant.start

  /// Creates the state in which nobody arrives.
  init() {}

  /// Takes note of a handshake.
  mutating func noteHandshake(at now: Instant) { deadline = now + Self.duration }

  /// Returns how much is read at once.
  func portion(sessionCount: Int, at now: Instant) -> Portion {
    deadline > now && sessionCount >= Self.sessionCountMin ? Self.restrained : Self.usual
  }
}
