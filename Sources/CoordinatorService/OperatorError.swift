import ZeroMQ

/// Why a coordinator has not answered an operator.
package enum OperatorError: Error, Equatable, Sendable {
  /// The coordinator encrypts and no operator's key was given.
  case keyMissing(endpoint: String)
  /// The coordinator does not let this key in, or the handshake failed otherwise.
  case refused(endpoint: String, HandshakeFailure)
  /// Nobody has answered.
  case unanswered(endpoint: String, patience: Duration)
  /// The sockets failed, or a key is none.
  case transport(ZeroMQError)
}

extension OperatorError {
  /// Whether the coordinator knows our key and does not want it.
  package var isRefusal: Bool {
    if case .refused(_, .keyNotAllowed) = self { true } else { false }
  }

  /// Whether nobody was there to answer: a coordinator that ends closes connections, also in the
  /// middle of a handshake.
  package var isSilence: Bool {
    switch self {
    case .unanswered, .refused(_, .closed): true
    case .keyMissing, .refused, .transport: false
    }
  }
}

extension OperatorError: CustomStringConvertible {
  /// The diagnostic, with the next step.
  package var description: String {
    switch self {
    case .keyMissing(let endpoint):
      "\(endpoint) encrypts; give an operator's key with --key-file, or the run directory"
    case .refused(let endpoint, .keyNotAllowed):
      "\(endpoint) does not allow this operator's key; put its public half into the run "
        + "directory's keys/operators"
    case .refused(let endpoint, .closed):
      "\(endpoint) has closed the connection: the coordinator has ended, or it is another's port."
    case .refused(let endpoint, let failure): "\(endpoint): \(failure)"
    case .unanswered(let endpoint, let patience):
      "\(endpoint) has not answered in \(patience); is the coordinator running?"
    case .transport(let error): "\(error)"
    }
  }
}
