import Coordination
import Glibc
import SparsityCore
import WireProtocol

/// Why a worker cannot have the inputs of its run.
package enum InputError: Error, Equatable, CustomStringConvertible {
  /// A file at a path of the run is another one.
  case otherContent(path: String)
  /// The coordinator claims another number of images than the file has.
  case otherImageCount(path: String, found: Int, claimed: Int)
  /// The program is older or newer than the coordinator's.
  case unknownCriterion(String)
  /// The program cannot compute with the backend of the run.
  case noBackend(Backend)
  /// The coordinator does not serve a file that the run needs.
  case notServed(InputRole, path: String)
  /// A file was not to be had from the coordinator.
  case notFetched(InputRole, InputFetch.Failure)
  /// The coordinator does not say which files there are.
  case noInventory(Duration)
  /// The run's files do not fit into the cache.
  case cacheTooSmall(neededBytes: Int, limitBytes: Int)
  /// The disk of the cache has too little room.
  case diskFull(path: String, neededBytes: Int)
  /// The cache cannot be read or written.
  case cannotUse(path: String, reason: String)
  /// The worker ends.
  case closed

  /// Creates the error of a system call on a file of the cache.
  static func cannotWrite(path: String, errno code: Int32) -> InputError {
    if code == ENOSPC || code == EDQUOT { return .diskFull(path: path, neededBytes: 0) }
    return .cannotUse(path: path, reason: unsafe String(cString: strerror(code)))
  }

  /// The diagnostic, with the next step.
  package var description: String {
    switch self {
    case .otherContent(let path):
      "\(path) has other content than the run was started with; does this machine see the same "
        + "file system as the coordinator?"
    case .otherImageCount(let path, let found, let claimed):
      "\(path) has \(counted(found, "image")), the coordinator claims \(claimed); does this "
        + "machine see the same file system as the coordinator?"
    case .unknownCriterion(let criterion):
      "this version cannot prune by \"\(criterion)\"; use the coordinator's version"
    case .noBackend(let backend):
      "the run computes with \(backend), which this worker does not offer; use the version of elsa "
        + "that started the run"
    case .notServed(let role, let path):
      "the \(role) is neither at \(path) nor with the coordinator; start the coordinator with a "
        + "version that serves its inputs, or give this machine the same file system"
    case .notFetched(let role, let failure): "the \(role) cannot be fetched: \(failure)"
    case .noInventory(let time):
      "the coordinator has not said for \(time) which inputs it has; is it of the same version?"
    case .cacheTooSmall(let needed, let limit):
      "the run's inputs need \(needed) bytes, the cache may hold \(limit); allow more with "
        + "--cache-size"
    case .diskFull(let path, let needed):
      needed > 0
        ? "\(path) needs \(needed) more bytes and its disk is full; free some space, or choose "
          + "another --cache-directory"
        : "the disk of \(path) is full; free some space, or choose another --cache-directory"
    case .cannotUse(let path, let reason):
      "cannot use \(path): \(reason); choose another --cache-directory"
    case .closed: "the worker was asked to end"
    }
  }
}
