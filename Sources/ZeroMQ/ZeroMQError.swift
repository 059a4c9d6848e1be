import CZeroMQ
import Glibc

/// Why an operation on a context, socket or key failed.
package enum ZeroMQError: Error, Equatable, Sendable {
  /// Another socket listens on the address.
  case addressInUse(endpoint: String)
  /// The address does not belong to this machine.
  case addressNotAvailable(endpoint: String)
  /// The process may not bind the address, for instance a port under 1024.
  case permissionDenied(endpoint: String)
  /// The text is no endpoint that libzmq understands, or names an unknown host or interface.
  case invalidEndpoint(endpoint: String)
  /// The process or the context has no descriptor or socket left.
  case tooManyOpenFiles(operation: String)
  /// The context ended while the operation was under way.
  case terminated(operation: String)
  /// The text is not the Z85 form of a key.
  case invalidKey(role: String)
  /// This libzmq was built without CURVE.
  case curveUnavailable
  /// Any other failure, with the number and words that the system gives it.
  case failed(operation: String, code: Int32, reason: String)
}

extension ZeroMQError: CustomStringConvertible {
  /// The diagnostic, with the next step.
  package var description: String {
    switch self {
    case .addressInUse(let endpoint):
      "\(endpoint) is in use by another program; choose another port, or port 0 for any free one"
    case .addressNotAvailable(let endpoint):
      "\(endpoint) is not an address of this machine; bind to one that is, or to tcp://*:PORT"
    case .permissionDenied(let endpoint):
      "no permission to bind \(endpoint); choose a port above 1023"
    case .invalidEndpoint(let endpoint):
      "\"\(endpoint)\" is not an endpoint; write tcp://HOST:PORT"
    case .tooManyOpenFiles(let operation):
      "cannot \(operation): no file descriptor or socket is left; raise `ulimit -n`"
    case .terminated(let operation):
      "cannot \(operation): the messaging context has ended"
    case .invalidKey(let role):
      "the \(role) is not a CURVE key; a key is 40 characters of Z85 text"
    case .curveUnavailable:
      "this libzmq has no CURVE encryption; install a libzmq that was built with libsodium"
    case .failed(let operation, let code, let reason):
      "cannot \(operation): \(reason) (error \(code))"
    }
  }
}

extension ZeroMQError {
  /// Creates the error for what libzmq last reported on this thread.
  init(operation: String, endpoint: String? = nil) {
    let code = zmq_errno()
    self.init(operation: operation, endpoint: endpoint, code: code)
  }

  private init(operation: String, endpoint: String?, code: Int32) {
    switch (code, endpoint) {
    case (EADDRINUSE, let endpoint?): self = .addressInUse(endpoint: endpoint)
    case (EADDRNOTAVAIL, let endpoint?): self = .addressNotAvailable(endpoint: endpoint)
    case (EACCES, let endpoint?), (EPERM, let endpoint?):
      self = .permissionDenied(endpoint: endpoint)
    case (EINVAL, let endpoint?), (EPROTONOSUPPORT, let endpoint?), (ENODEV, let endpoint?),
      (ENOCOMPATPROTO, let endpoint?):
      self = .invalidEndpoint(endpoint: endpoint)
    case (EMFILE, _), (ENFILE, _): self = .tooManyOpenFiles(operation: operation)
    case (ETERM, _): self = .terminated(operation: operation)
    default:
      self = .failed(operation: operation, code: code, reason: Self.reason(of: code))
    }
  }

  private static func reason(of code: Int32) -> String {
    guard let text = unsafe zmq_strerror(code) else { return "unknown reason" }
    return unsafe String(cString: text)
  }
}
