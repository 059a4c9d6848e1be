import Coordination
import RunStorage
import ZeroMQ

/// Why a coordinator could not start or go on.
package enum CoordinatorServiceError: Error, Equatable, Sendable {
  /// The endpoint can be reached from other machines, but there are no keys.
  case unprotectedEndpoint(String)
  /// The endpoint is not of the form `tcp://HOST:PORT`.
  case unsupportedEndpoint(String)
  /// The host of an endpoint has no address.
  case unknownHost(String, endpoint: String)
  /// The sockets failed.
  case transport(ZeroMQError)
  /// A file of the run directory failed.
  case storage(RunStorageError)
  /// The journal or the settings do not fit.
  case coordination(CoordinationError)
  /// The key file of the run directory is not what this program writes.
  case malformedKeyFile(path: String, diagnostic: String)
  /// A file that workers shall be able to fetch cannot be read.
  case unreadableInput(path: String, reason: String)
}

extension CoordinatorServiceError {
  /// Whether the address that was given is to blame: another try with it is of no use.
  package var isWrongUsage: Bool {
    switch self {
    case .unprotectedEndpoint, .unsupportedEndpoint, .unknownHost: true
    case .transport, .storage, .coordination, .malformedKeyFile, .unreadableInput: false
    }
  }
}

extension CoordinatorServiceError: CustomStringConvertible {
  /// The diagnostic, with the next step.
  package var description: String {
    switch self {
    case .unprotectedEndpoint(let endpoint):
      "\(endpoint) can be reached from other machines, and without keys anybody could join; "
        + "bind to tcp://127.0.0.1:PORT, or use keys"
    case .unsupportedEndpoint(let endpoint):
      "\"\(endpoint)\" is no address to bind to; write tcp://HOST:PORT with a name or an address "
        + "(IPv6 in brackets), tcp://*:PORT or tcp://[::]:PORT for all interfaces, port * for any "
        + "free one"
    case .unknownHost(let host, let endpoint):
      "\(host) of \(endpoint) has no address here: it is no interface, and no name service knows "
        + "it; write an address of this machine, or tcp://*:PORT for all interfaces"
    case .transport(let error): "\(error)"
    case .storage(let error): "\(error)"
    case .coordination(let error): "\(error)"
    case .unreadableInput(let path, let reason):
      "cannot read the input \(path): \(reason); put it back, or make it readable"
    case .malformedKeyFile(let path, let diagnostic):
      "\(path) is not a key file: \(diagnostic); remove it to get fresh keys"
    }
  }
}
