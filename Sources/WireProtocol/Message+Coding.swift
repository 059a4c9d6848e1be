import SparsityCore
internal import SwiftProtobuf

extension Message {
  static let helloKind: UInt16 = 1
  static let refusedKind: UInt16 = 3

  /// The number of the message's kind in the header.
  package var kind: UInt16 {
    switch self {
    case .hello: Self.helloKind
    case .welcome: 2
    case .refused: Self.refusedKind
    case .request: 4
    case .heartbeat: 5
    case .lease: 6
    case .result: 7
    case .reject: 8
    case .cancel: 9
    case .acknowledge: 10
    case .rehello: 11
    case .drain: 12
    case .bye: 13
    case .finished: 14
    case .alive: 15
    case .pause: 16
    case .operation(let message): message.kind
    case .inputs(let message): message.kind
    case .unknown(let kind): kind
    }
  }

  /// Returns the protobuf body.
  func encodedBody() -> [UInt8] {
    switch self {
    case .hello(let hello): serialized(HelloProto(hello))
    case .welcome(let welcome): serialized(WelcomeProto(welcome))
    case .refused(let refusal): serialized(RefusedProto(refusal))
    case .request(let request):
      serialized(
        RequestProto.with {
          $0.leaseCountMax = UInt32(request.leaseCountMax)
          $0.remainingMilliseconds = remaining(request.remainingMilliseconds)
        })
    case .heartbeat(let heartbeat): serialized(HeartbeatProto(heartbeat))
    case .lease(let lease): serialized(LeaseProto(lease))
    case .result(let result): serialized(ResultProto(result))
    case .reject(let rejection): serialized(RejectProto(rejection))
    case .cancel(let reference), .acknowledge(let reference):
      serialized(ShardKeyProto(reference))
    case .bye(let farewell): serialized(ByeProto(farewell))
    case .operation(let message): message.encodedBody()
    case .inputs(let message): message.encodedBody()
    case .alive, .rehello, .drain, .pause, .finished, .unknown: []
    }
  }

  /// Reads the body of a message of some kind.
  ///
  /// - Throws: ``WireError`` for a body that is malformed or beyond ``WireLimits``.
  init(kind: UInt16, body: [UInt8]) throws(WireError) {
    switch kind {
    case Self.helloKind: self = .hello(try Hello(try parsed(body, kind: kind)))
    case 2: self = .welcome(try Welcome(try parsed(body, kind: kind)))
    case Self.refusedKind: self = .refused(try Refusal(try parsed(body, kind: kind)))
    case 4:
      let proto: RequestProto = try parsed(body, kind: kind)
      self = .request(
        WorkRequest(
          leaseCountMax: try bounded(
            proto.leaseCountMax, 0...WireLimits.heldCountMax, "lease_count_max"),
          remainingMilliseconds: try remaining(proto.remainingMilliseconds)))
    case 5: self = .heartbeat(try Heartbeat(try parsed(body, kind: kind)))
    case 6: self = .lease(try LeaseGrant(try parsed(body, kind: kind)))
    case 7: self = .result(try ShardResult(try parsed(body, kind: kind)))
    case 8: self = .reject(try Rejection(try parsed(body, kind: kind)))
    case 9: self = .cancel(try ShardReference(try parsed(body, kind: kind)))
    case 10: self = .acknowledge(try ShardReference(try parsed(body, kind: kind)))
    case 11: self = .rehello
    case 12: self = .drain
    case 13: self = .bye(try Farewell(try parsed(body, kind: kind)))
    case 14: self = .finished
    case 15: self = .alive
    case 16: self = .pause
    case OperatorMessage.kinds:
      self =
        try OperatorMessage(kind: kind, body: body).map { .operation($0) } ?? .unknown(kind: kind)
    case InputMessage.kinds: self = .inputs(try InputMessage(kind: kind, body: body))
    default: self = .unknown(kind: kind)
    }
  }
}

extension HelloProto {
  /// Converts a greeting.
  init(_ hello: Hello) {
    oldest = VersionProto(hello.supported.lowerBound)
    newest = VersionProto(hello.supported.upperBound)
    build = cut(hello.build, to: WireLimits.labelSizeMax)
    label = cut(hello.label, to: WireLimits.labelSizeMax)
    slots = UInt32(hello.slots)
    offers = hello.offers.map(OfferProto.init)
    held = hello.held.map(HeldProto.init)
    remainingMilliseconds = remaining(hello.remainingMilliseconds)
  }
}

extension Hello {
  /// Converts and checks a greeting.
  init(_ proto: HelloProto) throws(WireError) {
    self.init(
      supported: try versionRange(proto.oldest, proto.newest),
      build: try peerLabel(proto.build, "build"),
      label: try peerLabel(proto.label, "label"),
      slots: try bounded(proto.slots, 1...WireLimits.slotCountMax, "slots"),
      offers: try list(
        proto.offers, limit: WireLimits.offerCountMax, "offers", BackendOffer.init),
      held: try list(proto.held, limit: WireLimits.heldCountMax, "held", HeldShard.init),
      remainingMilliseconds: try remaining(proto.remainingMilliseconds))
  }
}

extension WelcomeProto {
  /// Converts a welcome.
  init(_ welcome: Welcome) {
    version = VersionProto(welcome.version)
    run = RunProto(welcome.description)
    heartbeatMilliseconds = UInt64(welcome.heartbeatMilliseconds)
    leaseMilliseconds = UInt64(welcome.leaseMilliseconds)
  }
}

extension Welcome {
  /// Converts and checks a welcome.
  init(_ proto: WelcomeProto) throws(WireError) {
    let times = 1...86_400_000
    self.init(
      version: try ProtocolVersion(proto.version),
      description: try RunDescription(proto.run),
      heartbeatMilliseconds: try bounded(
        proto.heartbeatMilliseconds, times, "heartbeat_milliseconds"),
      leaseMilliseconds: try bounded(proto.leaseMilliseconds, times, "lease_milliseconds"))
  }
}

extension RefusedProto {
  /// Converts a refusal.
  init(_ refusal: Refusal) {
    reason = UInt32(refusal.reason.rawValue)
    diagnostic = cut(refusal.diagnostic)
    isFinal = refusal.isFinal
    oldest = VersionProto(refusal.supported.lowerBound)
    newest = VersionProto(refusal.supported.upperBound)
  }
}

extension Refusal {
  /// Converts and checks a refusal.
  init(_ proto: RefusedProto) throws(WireError) {
    self.init(
      reason: try named(proto.reason, "reason"),
      diagnostic: try text(proto.diagnostic, "diagnostic"),
      isFinal: proto.isFinal, supported: try versionRange(proto.oldest, proto.newest))
  }
}

extension HeartbeatProto {
  /// Converts a heartbeat.
  init(_ heartbeat: Heartbeat) {
    leaseCountMax = UInt32(heartbeat.leaseCountMax)
    held = heartbeat.held.map(HeldProto.init)
    remainingMilliseconds = remaining(heartbeat.remainingMilliseconds)
    isLeaving = heartbeat.isLeaving
  }
}

extension Heartbeat {
  /// Converts and checks a heartbeat.
  init(_ proto: HeartbeatProto) throws(WireError) {
    self.init(
      leaseCountMax: try bounded(
        proto.leaseCountMax, 0...WireLimits.heldCountMax, "lease_count_max"),
      held: try list(proto.held, limit: WireLimits.heldCountMax, "held", HeldShard.init),
      remainingMilliseconds: try remaining(proto.remainingMilliseconds),
      isLeaving: proto.isLeaving)
  }
}

extension LeaseProto {
  /// Converts a lease.
  init(_ lease: LeaseGrant) {
    shard = ShardProto(lease.shard)
    slice = SliceProto(lease.slice)
    genes = .init(lease.genome.genes)
    key = .init(lease.key.hash.bytes)
    attempt = UInt32(lease.attempt)
    token = .init(lease.token.bytes)
  }
}

extension LeaseGrant {
  /// Converts and checks a lease.
  init(_ proto: LeaseProto) throws(WireError) {
    self.init(
      shard: try ShardID(proto.shard), slice: try ImageSlice(proto.slice),
      genome: try checkedGenome([UInt8](proto.genes)), key: try ShardKey([UInt8](proto.key)),
      attempt: try bounded(proto.attempt, 0...Int(Int32.max), "attempt"),
      token: try LeaseToken(wire: [UInt8](proto.token)))
  }
}

extension ResultProto {
  /// Converts a result.
  init(_ result: ShardResult) {
    shard = ShardProto(result.shard)
    key = .init(result.key.hash.bytes)
    measurement = MeasurementProto(result.measurement)
    costs = result.costs
    if let measured = MeasuredCostsProto(result.measuredCosts) { measuredCosts = measured }
    evaluationMicroseconds = UInt64(result.evaluationMicroseconds)
    token = .init(result.token.bytes)
  }
}

extension ShardResult {
  /// Converts and checks a result.
  init(_ proto: ResultProto) throws(WireError) {
    guard proto.costs.count <= WireLimits.vectorCountMax else {
      throw .invalidField(name: "costs", diagnostic: "holds \(proto.costs.count) numbers")
    }
    self.init(
      shard: try ShardID(proto.shard), key: try ShardKey([UInt8](proto.key)),
      measurement: try ShardMeasurement(measured: proto.measurement), costs: proto.costs,
      measuredCosts: try MeasuredCosts(proto.measuredCosts),
      evaluationMicroseconds: try bounded(
        proto.evaluationMicroseconds, 0...Int.max, "evaluation_microseconds"),
      token: try LeaseToken(wire: [UInt8](proto.token)))
  }
}

extension RejectProto {
  /// Converts a rejection.
  init(_ rejection: Rejection) {
    shard = ShardProto(rejection.shard)
    key = .init(rejection.key.hash.bytes)
    reason = UInt32(rejection.reason.rawValue)
    diagnostic = cut(rejection.diagnostic)
  }
}

extension Rejection {
  /// Converts and checks a rejection.
  init(_ proto: RejectProto) throws(WireError) {
    self.init(
      shard: try ShardID(proto.shard), key: try ShardKey([UInt8](proto.key)),
      reason: try named(proto.reason, "reason"),
      diagnostic: try text(proto.diagnostic, "diagnostic"))
  }
}

extension ShardKeyProto {
  /// Converts a reference.
  init(_ reference: ShardReference) {
    shard = ShardProto(reference.shard)
    key = .init(reference.key.hash.bytes)
  }
}

extension ShardReference {
  /// Converts and checks a reference.
  init(_ proto: ShardKeyProto) throws(WireError) {
    self.init(shard: try ShardID(proto.shard), key: try ShardKey([UInt8](proto.key)))
  }
}

extension ByeProto {
  /// Converts a farewell.
  init(_ farewell: Farewell) {
    reason = UInt32(farewell.reason.rawValue)
    diagnostic = cut(farewell.diagnostic)
  }
}

extension Farewell {
  /// Converts and checks a farewell.
  init(_ proto: ByeProto) throws(WireError) {
    self.init(
      reason: try named(proto.reason, "reason"),
      diagnostic: try text(proto.diagnostic, "diagnostic"))
  }
}
