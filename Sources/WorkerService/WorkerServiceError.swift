import RunStorage
import ZeroMQ

/// Why a worker could not start or go on.
package enum WorkerServiceError: Error, Equatable, Sendable {
  /// The sockets failed, or a key is none.
  case transport(ZeroMQError)
  /// The connection file cannot be used.
  case connectionFile(RunStorageError)
  /// The connection file names a server key but lacks the worker's, or the other way round.
  case incompleteKeys(path: String)
  /// The coordinator does not encrypt, and the worker was not told to do without or has a key.
  case plainText(endpoint: String)
  /// No connection file has appeared.
  case noConnection(path: String, diagnostic: String)
  /// The counter file cannot be opened or written.
  case counterFile(path: String, reason: String)
}

extension WorkerServiceError: CustomStringConvertible {
  /// The diagnostic, with the next step.
  package var description: String {
    switch self {
    case .transport(let error): "\(error)"
    case .connectionFile(let error): "\(error)"
    case .incompleteKeys(let path):
      "\(path) holds only some of the keys that encryption needs; start the coordinator again"
    case .plainText(let endpoint):
      "the coordinator at \(endpoint) does not encrypt, so that anybody could pose as it; start it "
        + "with keys, or tell this worker, too, to do without"
    case .noConnection(let path, let diagnostic):
      "no coordinator was found: \(diagnostic); start one that writes \(path)"
    case .counterFile(let path, let reason): "cannot write \(path): \(reason)"
    }
  }
}
