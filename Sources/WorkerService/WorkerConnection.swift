import Foundation
import RunStorage
import ZeroMQ

/// Where the coordinator is and how to talk with it.
package struct WorkerConnection: Hashable, Sendable {
  /// The keys of an encrypted connection.
  package struct Keys: Hashable, Sendable {
    /// The worker's own pair.
    package let worker: CurveKeyPair
    /// The coordinator's public key.
    package let server: CurvePublicKey

    package init(worker: CurveKeyPair, server: CurvePublicKey) {
      self.worker = worker
      self.server = server
    }
  }

  /// The addresses to try, one after the other.
  package let endpoints: [String]
  /// The keys, or `nil` for plain text.
  package let keys: Keys?

  package init(endpoints: [String], keys: Keys?) {
    precondition(!endpoints.isEmpty)
    self.endpoints = endpoints
    self.keys = keys
  }

  /// Reads a connection file.
  ///
  /// - Parameter worker: the worker's own keys, instead of those in the file.
  package init(path: String, worker: CurveKeyPair? = nil) throws(WorkerServiceError) {
    let file: ConnectionFile
    do throws(RunStorageError) {
      file = try ConnectionFile(path: path)
    } catch {
      throw .connectionFile(error)
    }
    // Who was given a key does not talk to a peer who cannot prove to have the other one.
    guard worker == nil || file.serverKey != nil else {
      throw .plainText(endpoint: file.endpoints[0])
    }
    let secret = worker?.secret.z85 ?? file.workerSecretKey
    guard worker != nil || (file.serverKey == nil) == (secret == nil) else {
      throw .incompleteKeys(path: path)
    }
    do throws(ZeroMQError) {
      switch (file.serverKey, secret) {
      case (let serverKey?, let secret?):
        keys = Keys(
          worker: try CurveKeyPair(secret: CurveSecretKey(z85: secret)),
          server: try CurvePublicKey(z85: serverKey))
      default: keys = nil
      }
    } catch {
      throw .transport(error)
    }
    endpoints = file.endpoints
  }

  /// The security of a socket.
  var security: Security {
    keys.map { .curveClient($0.worker, serverKey: $0.server) } ?? .none
  }
}

/// How a worker learns where the coordinator is.
package enum ConnectionSource: Hashable, Sendable {
  /// From a peer who knows.
  case fixed(WorkerConnection)
  /// From a file that may appear later, and changes when the coordinator is started again.
  /// With `worker` the worker shows keys of its own instead of those in the file.
  case file(path: String, worker: CurveKeyPair? = nil)

  /// Returns the connection, or `nil` if the file does not exist (yet).
  func current() throws(WorkerServiceError) -> WorkerConnection? {
    switch self {
    case .fixed(let connection): return connection
    case .file(let path, let worker):
      guard FileManager.default.fileExists(atPath: path) else { return nil }
      return try WorkerConnection(path: path, worker: worker)
    }
  }
}
