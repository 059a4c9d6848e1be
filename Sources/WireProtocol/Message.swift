import SparsityCore

/// One unit of the conversation between a worker and the coordinator.
package enum Message: Hashable, Sendable {
  // From a worker.
  case hello(Hello)
  case request(WorkRequest)
  case heartbeat(Heartbeat)
  case result(ShardResult)
  case reject(Rejection)
  case bye(Farewell)
  // From the coordinator.
  indirect case welcome(Welcome)
  case refused(Refusal)
  case lease(LeaseGrant)
  case cancel(ShardReference)
  case acknowledge(ShardReference)
  case alive
  case rehello
  case drain
  case pause
  case finished
  /// A message of an operator's tools, or for them; workers neither send nor get it.
  indirect case operation(OperatorMessage)
  /// A message about the run's inputs, of a kind of its own.
  indirect case inputs(InputMessage)
  /// A kind that a newer minor version has added; it is ignored and counted.
  case unknown(kind: UInt16)
}

extension Message {
  /// The name of a message's kind in the specification, for logs and traces.
  package var name: String {
    switch self {
    case .hello: "HELLO"
    case .request: "REQUEST"
    case .heartbeat: "HEARTBEAT"
    case .result: "RESULT"
    case .reject: "REJECT"
    case .bye: "BYE"
    case .welcome: "WELCOME"
    case .refused: "REFUSED"
    case .lease: "LEASE"
    case .cancel: "CANCEL"
    case .acknowledge: "ACKNOWLEDGE"
    case .alive: "ALIVE"
    case .rehello: "REHELLO"
    case .drain: "DRAIN"
    case .pause: "PAUSE"
    case .finished: "FINISHED"
    case .operation(let message): message.name
    case .inputs(let message): message.name
    case .unknown(let kind): "UNKNOWN(\(kind))"
    }
  }
}

/// A worker's greeting: what it can do, and what it still holds from an earlier term.
package struct Hello: Hashable, Sendable {
  /// The protocol versions that the worker speaks.
  package var supported: ClosedRange<ProtocolVersion>
  /// The program's version, for users.
  package var build: String
  /// The worker's name for users, as in `node07/4711`.
  package var label: String
  /// The evaluations that run at once.
  package var slots: Int
  /// What the worker can compute with.
  package var offers: [BackendOffer]
  /// The shards that the worker still holds.
  package var held: [HeldShard]
  /// The time after which the worker will have left, or `nil` if it knows of no end.
  package var remainingMilliseconds: Int?

  /// Creates a greeting.
  package init(
    supported: ClosedRange<ProtocolVersion>, build: String, label: String, slots: Int,
    offers: [BackendOffer], held: [HeldShard], remainingMilliseconds: Int? = nil
  ) {
    self.supported = supported
    self.build = build
    self.label = label
    self.slots = slots
    self.offers = offers
    self.held = held
    self.remainingMilliseconds = remainingMilliseconds
  }
}

extension Hello {
  /// Returns what the worker offers of a backend, if it has it or may have it from outside.
  package func offer(of backend: Backend) -> BackendOffer? {
    offers.first { $0.backend == backend } ?? offers.first { $0.backend == .fromOutside }
  }
}

/// A shard in a worker's hands.
package struct HeldShard: Hashable, Sendable {
  /// How far a worker has come with a shard.
  package enum State: Hashable, Sendable {
    case queued
    case running(imagesDone: Int)
    case measured
  }

  package var shard: ShardID
  /// The key of the shard's result.
  package var key: ShardKey
  /// How far the worker has come.
  package var state: State
  /// The token of the lease that it was given by.
  package var token: LeaseToken

  /// Creates an entry.
  package init(shard: ShardID, key: ShardKey, state: State, token: LeaseToken) {
    self.shard = shard
    self.key = key
    self.state = state
    self.token = token
  }
}

/// A worker's wish for work: how many leases it wants to hold at once, not how many more.
///
/// The number stands until it is replaced, so a lost or repeated request does no harm.
package struct WorkRequest: Hashable, Sendable {
  /// The leases that the worker wants to hold at once; zero for none.
  package var leaseCountMax: Int
  /// As in ``Hello``.
  package var remainingMilliseconds: Int?

  package init(leaseCountMax: Int, remainingMilliseconds: Int? = nil) {
    self.leaseCountMax = leaseCountMax
    self.remainingMilliseconds = remainingMilliseconds
  }
}

/// A worker's sign of life: it extends the leases that it names and repeats the wish for work.
package struct Heartbeat: Hashable, Sendable {
  /// As in ``WorkRequest``.
  package var leaseCountMax: Int
  /// The shards in the worker's hands.
  package var held: [HeldShard]
  /// As in ``Hello``.
  package var remainingMilliseconds: Int?
  /// Whether the worker takes no more work and leaves when it has finished or handed back this.
  package var isLeaving: Bool

  package init(
    leaseCountMax: Int, held: [HeldShard], remainingMilliseconds: Int? = nil,
    isLeaving: Bool = false
  ) {
    self.leaseCountMax = leaseCountMax
    self.held = held
    self.remainingMilliseconds = remainingMilliseconds
    self.isLeaving = isLeaving
  }
}

/// The outcome of a shard; a worker repeats it until it is acknowledged.
package struct ShardResult: Hashable, Sendable {
  package var shard: ShardID
  package var key: ShardKey
  /// What the evaluation found out.
  package var measurement: ShardMeasurement
  /// The candidate's cost as the worker computes it, in the order of the run's cost names.
  package var costs: [Int64]
  /// What was measured of costs, where the run wants it.
  package var measuredCosts: MeasuredCosts
  /// How long the evaluation took; for statistics, it never influences the search.
  package var evaluationMicroseconds: Int
  /// The token of the lease that it comes of.
  package var token: LeaseToken

  package init(
    shard: ShardID, key: ShardKey, measurement: ShardMeasurement, costs: [Int64],
    measuredCosts: MeasuredCosts = MeasuredCosts(), evaluationMicroseconds: Int, token: LeaseToken
  ) {
    self.measuredCosts = measuredCosts
    self.token = token
    self.shard = shard
    self.key = key
    self.measurement = measurement
    self.costs = costs
    self.evaluationMicroseconds = evaluationMicroseconds
  }
}

/// A worker's answer to a lease that it does not carry out.
package struct Rejection: Hashable, Sendable {
  /// Why a worker gives a shard back.
  package enum Reason: UInt8, CaseIterable, Hashable, Sendable {
    /// The worker leaves or has enough to do; says nothing about the shard.
    case handedBack = 1
    /// The worker computes another key for the shard: it has other inputs.
    case keyMismatch = 2
    case evaluationFailed = 3
  }

  package var shard: ShardID
  /// The key as the lease gave it.
  package var key: ShardKey
  /// Why the shard comes back.
  package var reason: Reason
  /// The reason as text.
  package var diagnostic: String

  package init(shard: ShardID, key: ShardKey, reason: Reason, diagnostic: String) {
    self.shard = shard
    self.key = key
    self.reason = reason
    self.diagnostic = diagnostic
  }
}

/// A worker's last message.
package struct Farewell: Hashable, Sendable {
  /// Why a worker leaves.
  package enum Reason: UInt8, CaseIterable, Hashable, Sendable {
    /// The run is finished.
    case finished = 1
    /// The worker was told to leave and has left nothing undone.
    case drained = 2
    /// The worker cannot take part.
    case unable = 3
    /// The time that the worker was given is over.
    case timeOver = 4
    /// The worker has had nothing to do for too long.
    case idle = 5
  }

  /// Why the worker leaves.
  package var reason: Reason
  /// The reason as text.
  package var diagnostic: String

  package init(reason: Reason, diagnostic: String) {
    self.reason = reason
    self.diagnostic = diagnostic
  }
}

/// The coordinator's answer to a greeting that it accepts.
package struct Welcome: Hashable, Sendable {
  /// The version that both speak from here on.
  package var version: ProtocolVersion
  /// What the worker must know.
  package var description: RunDescription
  /// The time between two heartbeats.
  package var heartbeatMilliseconds: Int
  /// The time after which a lease expires without a heartbeat.
  package var leaseMilliseconds: Int

  package init(
    version: ProtocolVersion, description: RunDescription, heartbeatMilliseconds: Int,
    leaseMilliseconds: Int
  ) {
    self.version = version
    self.description = description
    self.heartbeatMilliseconds = heartbeatMilliseconds
    self.leaseMilliseconds = leaseMilliseconds
  }
}

/// The coordinator's answer to a peer that it does not accept.
package struct Refusal: Hashable, Sendable {
  /// Why a peer is refused.
  package enum Reason: UInt8, CaseIterable, Hashable, Sendable {
    /// The two speak no common version.
    case protocolVersion = 1
    /// The worker's processor or program cannot compute in the run's numerics.
    case numerics = 2
    /// There are too many workers; ask again later.
    case tooManyWorkers = 3
    /// The worker computes other costs: it has another version or profile.
    case costMismatch = 4
    /// The worker sent something impossible.
    case misbehaved = 5
    /// The worker has other inputs.
    case inputMismatch = 6
    /// The coordinator takes no more workers.
    case closing = 7
    /// The evaluations of several candidates failed here, none succeeded; try again later.
    case failing = 8
    /// The worker's key was taken from the list of those that may take part.
    case keyRevoked = 9
    /// The run's arithmetic is still being chosen; the worker is welcomed when it is.
    case choosingNumerics = 10
  }

  /// Why the peer is refused.
  package var reason: Reason
  /// The reason with the next step.
  package var diagnostic: String
  /// Whether asking again is useless.
  package var isFinal: Bool
  /// The versions that the coordinator speaks.
  package var supported: ClosedRange<ProtocolVersion>

  package init(
    reason: Reason, diagnostic: String, isFinal: Bool, supported: ClosedRange<ProtocolVersion>
  ) {
    self.reason = reason
    self.diagnostic = diagnostic
    self.isFinal = isFinal
    self.supported = supported
  }
}

/// The right to evaluate a shard; it expires when heartbeats stop.
package struct LeaseGrant: Hashable, Sendable {
  package var shard: ShardID
  /// The shard's images.
  package var slice: ImageSlice
  /// The candidate's genome.
  package var genome: Genome
  /// The key of the result.
  package var key: ShardKey
  /// How often the shard was leased before.
  package var attempt: Int
  /// What the worker sends back with all that it says of the shard.
  package var token: LeaseToken

  package init(
    shard: ShardID, slice: ImageSlice, genome: Genome, key: ShardKey, attempt: Int,
    token: LeaseToken
  ) {
    self.token = token
    self.shard = shard
    self.slice = slice
    self.genome = genome
    self.key = key
    self.attempt = attempt
  }
}

/// A shard and the key of its result.
package struct ShardReference: Hashable, Sendable {
  package var shard: ShardID
  /// The key of the result.
  package var key: ShardKey

  package init(shard: ShardID, key: ShardKey) {
    self.shard = shard
    self.key = key
  }
}
