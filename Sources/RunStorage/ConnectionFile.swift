import Foundation
import Glibc
import WireProtocol

/// What a worker needs to join a run: the file that a coordinator writes for as long as it runs.
package struct ConnectionFile: Codable, Hashable, Sendable {
  /// The version of the file's form.
  package var version = 1
  /// The addresses to connect to, the most likely one first, as in `tcp://node07:5555`.
  package var endpoints: [String]
  /// The coordinator's public key in Z85 text, or `nil` without encryption.
  package var serverKey: String?
  /// The public key that workers show, in Z85 text, or `nil` without encryption.
  package var workerPublicKey: String?
  /// The secret key of ``workerPublicKey``; the reason why only the owner may read the file.
  package var workerSecretKey: String?
  /// The run, as 16 hexadecimal digits.
  package var run: String
  /// The coordinator's term.
  package var term: UInt32
  /// The coordinator's process.
  package var processID: Int32
  /// The coordinator's machine.
  package var host: String

  /// Creates the content of a file.
  package init(
    endpoints: [String], serverKey: String?, workerPublicKey: String?, workerSecretKey: String?,
    run: RunID, term: Term, processID: Int32, host: String
  ) {
    precondition(!endpoints.isEmpty)
    self.endpoints = endpoints
    self.serverKey = serverKey
    self.workerPublicKey = workerPublicKey
    self.workerSecretKey = workerSecretKey
    self.run = "\(run)"
    self.term = term.rawValue
    self.processID = processID
    self.host = host
  }

  /// Reads a file.
  ///
  /// - Throws: ``RunStorageError``: missing, malformed, or readable by others in spite of a secret.
  package init(path: String) throws(RunStorageError) {
    let file = try PrivateFile(path: path).read(ConnectionFile.self) { $0.workerSecretKey != nil }
    guard file.version == 1 else {
      throw .malformedFile(path: path, diagnostic: "version \(file.version) is not supported")
    }
    guard !file.endpoints.isEmpty else {
      throw .malformedFile(path: path, diagnostic: "it names no endpoint")
    }
    self = file
  }

  /// Writes the file, with mode 0600 unless another is given, in one step for those who wait for
  /// it.
  package func write(to path: String, mode: UInt16 = 0o600) throws(RunStorageError) {
    try PrivateFile(path: path).write(self, mode: mode)
  }

  /// Removes the file if this value's coordinator has written it; one that is gone, or that
  /// another coordinator has written meanwhile, is left alone.
  ///
  /// - Throws: ``RunStorageError`` if it is there and cannot be removed.
  package func remove(path: String) throws(RunStorageError) {
    guard isWritten(at: path) else { return }
    guard unsafe unlink(path) == 0 || errno == ENOENT else {
      throw .failed(
        operation: "remove", path: path, reason: RunStorageError.diagnostic(errno: errno))
    }
  }

  /// Whether something lies at `path`, whatever it says.
  package static func exists(at path: String) -> Bool {
    PrivateFile(path: path).mayExist
  }

  /// Whether the file at `path` says what this value does, so that its coordinator has written it.
  private func isWritten(at path: String) -> Bool {
    let file = PrivateFile(path: path)
    // Not by the reader, which refuses a file that a user has made readable for others.
    guard let found = try? file.read(ConnectionFile.self, isSecret: { _ in false }) else {
      return false
    }
    return found == self
  }
}
