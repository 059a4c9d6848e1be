import SparsityCore

/// One unit of the conversation between a worker and the coordinator.
public enum Message: Hashable, Sendable {
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
  public var name: String {
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

/// A worker's greeting: what it can do, and what it still holds from an earlier epoch.
public struct Hello: Hashable, Sendable {
  /// The protocol versions that the worker speaks.
  public var supported: ClosedRange<ProtocolVersion>
  /// The program's version, for people.
  public var build: String
  /// The worker's name for people, as in `node07/4711`.
  public var label: String
  /// The evaluations that run at once.
  public var slots: Int
  /// The most able instructions of the worker's processor.
  public var instructionSet: InstructionSet
  /// The number formats that the worker computes in.
  public var precisions: [Precision]
  /// The version of the worker's kernels.
  public var kernelTable: Int
  /// The shards that the worker still holds.
  public var held: [HeldShard]
  /// The time after which the worker will have left, or `nil` if it knows of no end.
  public var remainingMilliseconds: Int?

  /// Creates a greeting.
  public init(
    supported: ClosedRange<ProtocolVersion>, build: String, label: String, slots: Int,
    instructionSet: InstructionSet, precisions: [Precision], kernelTable: Int, held: [HeldShard],
    remainingMilliseconds: Int? = nil
  ) {
    self.supported = supported
    self.build = build
    self.label = label
    self.slots = slots
    self.instructionSet = instructionSet
    self.precisions = precisions
    self.kernelTable = kernelTable
    self.held = held
    self.remainingMilliseconds = remainingMilliseconds
  }
}

/// A shard in a worker's hands.
public struct HeldShard: Hashable, Sendable {
  /// How far a worker has come with a shard.
  public enum State: Hashable, Sendable {
    case queued
    case running(imagesDone: Int)
    case measured
  }

  /// The shard.
  public var shard: ShardID
  /// The key of the shard's result.
  public var key: ShardKey
  /// How far the worker has come.
  public var state: State
  /// The token of the lease that it was given by.
  public var token: LeaseToken

  /// Creates an entry.
  public init(shard: ShardID, key: ShardKey, state: State, token: LeaseToken) {
    self.shard = shard
    self.key = key
    self.state = state
    self.token = token
  }
}

/// A worker's wish for work: how many leases it wants to hold at once, not how many more.
///
/// The number stands until it is replaced, so a lost or repeated request does no harm.
public struct WorkRequest: Hashable, Sendable {
  /// The leases that the worker wants to hold at once; zero for none.
  public var leaseCountMax: Int
  /// As in ``Hello``.
  public var remainingMilliseconds: Int?

  /// Creates a request.
  public init(leaseCountMax: Int, remainingMilliseconds: Int? = nil) {
    self.leaseCountMax = leaseCountMax
    self.remainingMilliseconds = remainingMilliseconds
  }
}

/// A worker's sign of life: it extends the leases that it names and repeats the wish for work.
public struct Heartbeat: Hashable, Sendable {
  /// As in ``WorkRequest``.
  public var leaseCountMax: Int
  /// The shards in the worker's hands.
  public var held: [HeldShard]
  /// As in ``Hello``.
  public var remainingMilliseconds: Int?
  /// Whether the worker takes no more work and leaves when it has finished or handed back this.
  public var isLeaving: Bool

  /// Creates a heartbeat.
  public init(
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
public struct ShardResult: Hashable, Sendable {
  /// The shard.
  public var shard: ShardID
  /// The key of the result.
  public var key: ShardKey
  /// What the evaluation found out.
  public var measurement: ShardMeasurement
  /// The candidate's cost as the worker computes it, in the order of the run's cost names.
  public var costs: [Int64]
  /// How long the evaluation took; for statistics, it never influences the search.
  public var evaluationMicroseconds: Int
  /// The token of the lease that it comes of.
  public var token: LeaseToken

  /// Creates a result.
  public init(
    shard: ShardID, key: ShardKey, measurement: ShardMeasurement, costs: [Int64],
    evaluationMicroseconds: Int, token: LeaseToken
  ) {
    self.token = token
    self.shard = shard
    self.key = key
    self.measurement = measurement
    self.costs = costs
    self.evaluationMicroseconds = evaluationMicroseconds
  }
}

/// A worker's answer to a lease that it does not carry out.
public struct Rejection: Hashable, Sendable {
  /// Why a worker gives a shard back.
  public enum Reason: UInt8, CaseIterable, Hashable, Sendable {
    /// The worker leaves or has enough to do; says nothing about the shard.
    case handedBack = 1
    /// The worker computes another key for the shard: it has other inputs.
    case keyMismatch = 2
    /// The evaluation failed.
    case evaluationFailed = 3
  }

  /// The shard.
  public var shard: ShardID
  /// The key as the lease gave it.
  public var key: ShardKey
  /// Why the shard comes back.
  public var reason: Reason
  /// The reason in words.
  public var words: String

  /// Creates a rejection.
  public init(shard: ShardID, key: ShardKey, reason: Reason, words: String) {
    self.shard = shard
    self.key = key
    self.reason = reason
    self.words = words
  }
}

/// A worker's last message.
public struct Farewell: Hashable, Sendable {
  /// Why a worker leaves.
  public enum Reason: UInt8, CaseIterable, Hashable, Sendable {
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
  public var reason: Reason
  /// The reason in words.
  public var words: String

  /// Creates a farewell.
  public init(reason: Reason, words: String) {
    self.reason = reason
    self.words = words
  }
}

/// The coordinator's answer to a greeting that it accepts.
public struct Welcome: Hashable, Sendable {
  /// The version that both speak from here on.
  public var version: ProtocolVersion
  /// What the worker must know.
  public var description: RunDescription
  /// The time between two heartbeats.
  public var heartbeatMilliseconds: Int
  /// The time after which a lease lapses without a heartbeat.
  public var leaseMilliseconds: Int

  /// Creates a welcome.
  public init(
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
public struct Refusal: Hashable, Sendable {
  /// Why a peer is refused.
  public enum Reason: UInt8, CaseIterable, Hashable, Sendable {
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
  public var reason: Reason
  /// The reason in words, with the next step.
  public var words: String
  /// Whether asking again is useless.
  public var isFinal: Bool
  /// The versions that the coordinator speaks.
  public var supported: ClosedRange<ProtocolVersion>

  /// Creates a refusal.
  public init(
    reason: Reason, words: String, isFinal: Bool, supported: ClosedRange<ProtocolVersion>
  ) {
    self.reason = reason
    self.words = words
    self.isFinal = isFinal
    self.supported = supported
  }
}

/// The right to evaluate a shard; it lapses when heartbeats stop.
public struct LeaseGrant: Hashable, Sendable {
  /// The shard.
  public var shard: ShardID
  /// The shard's images.
  public var slice: ImageSlice
  /// The candidate's genome.
  public var genome: Genome
  /// The key of the result.
  public var key: ShardKey
  /// How often the shard was leased before.
  public var attempt: Int
  /// What the worker sends back with all that it says of the shard.
  public var token: LeaseToken

  /// Creates a lease.
  public init(
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
public struct ShardReference: Hashable, Sendable {
  /// The shard.
  public var shard: ShardID
  /// The key of the result.
  public var key: ShardKey

  /// Creates a reference.
  public init(shard: ShardID, key: ShardKey) {
    self.shard = shard
    self.key = key
  }
}
