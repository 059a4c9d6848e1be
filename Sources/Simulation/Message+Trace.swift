import WireProtocol

extension Message {
  /// The message in a line of a trace, as in `LEASE #3/1`.
  var traced: String {
    switch self {
    case .lease(let grant): "\(name) \(grant.shard)"
    case .result(let result): "\(name) \(result.shard)"
    case .reject(let rejection): "\(name) \(rejection.shard): \(rejection.diagnostic)"
    case .cancel(let reference), .acknowledge(let reference): "\(name) \(reference.shard)"
    case .request(let request): "\(name) \(request.leaseCountMax)"
    case .heartbeat(let beat):
      "\(name) \(beat.leaseCountMax)\(beat.isLeaving ? " leaving" : "")"
        + (beat.held.isEmpty
          ? "" : " with \(beat.held.map { "\($0.shard)" }.joined(separator: " "))")
    default: name
    }
  }
}
