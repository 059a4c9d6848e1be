internal import SwiftProtobuf

extension OperatorMessage {
  /// Returns the protobuf body.
  func encodedBody() -> [UInt8] {
    switch self {
    case .statusRequest(let count):
      serialized(StatusRequestProto.with { $0.workerCountMax = UInt32(clamping: count) })
    case .status(let status): serialized(StatusProto(status))
    case .drainRequest(let worker):
      serialized(DrainRequestProto.with { $0.worker = cut(worker ?? "") })
    case .discardRequest(let keyName):
      serialized(
        DiscardRequestProto.with { $0.keyName = cut(keyName, to: WireLimits.labelSizeMax) })
    case .answer(let isDone, let diagnostic):
      serialized(
        OperatorAnswerProto.with {
          $0.isDone = isDone
          $0.diagnostic = cut(diagnostic)
        })
    }
  }

  /// Reads the body of a message of some kind, or returns `nil` for a kind of a newer version.
  ///
  /// - Throws: ``WireError`` for a body that is malformed or beyond ``WireLimits``.
  init?(kind: UInt16, body: [UInt8]) throws(WireError) {
    switch kind {
    case 30:
      let proto: StatusRequestProto = try parsed(body, kind: kind)
      self = .statusRequest(
        workerCountMax: min(Int(proto.workerCountMax), RunStatus.workerCountMax))
    case 31: self = .status(try RunStatus(try parsed(body, kind: kind)))
    case 32:
      let proto: DrainRequestProto = try parsed(body, kind: kind)
      let worker = try text(proto.worker, "worker")
      self = .drainRequest(worker: worker.isEmpty ? nil : worker)
    case 33:
      let proto: OperatorAnswerProto = try parsed(body, kind: kind)
      self = .answer(isDone: proto.isDone, diagnostic: try text(proto.diagnostic, "diagnostic"))
    case 34:
      let proto: DiscardRequestProto = try parsed(body, kind: kind)
      self = .discardRequest(keyName: try peerLabel(proto.keyName, "key_name"))
    default: return nil
    }
  }
}
