import Foundation
import RunStorage
import ZeroMQ

/// The CURVE keys that a run brings along: the coordinator's, a pair that workers may share, and
/// one for anyone who may read the run directory and looks after the run.
///
/// They lie in `keys.json`, so that workers find a restarted coordinator trustworthy. A key of the
/// coordinator from elsewhere stays where it is and is read again at each start. Whether a key may
/// connect is another question: see `RunDirectory.authorize(_:)`.
package struct RunKeys: Hashable, Sendable {
  /// The coordinator's pair.
  package let server: CurveKeyPair
  /// The pair that the connection file gives to workers.
  package let workers: CurveKeyPair
  /// The pair by which `elsa status` and `elsa drain` speak with the coordinator.
  package let operators: CurveKeyPair

  /// The name under which the workers' common key is allowed.
  package static let sharedName = "shared"

  private struct File: Codable {
    var version = 1
    /// Absent while the coordinator has a key from elsewhere.
    var server: String?
    var workers: String
    /// Absent in a file from before there were folders of keys.
    var operators: String?
  }

  /// Reads the keys of a run directory, or generates and keeps them there with mode 0600.
  ///
  /// Call it before the process has a messaging context: see `CurveKeyPair.generate()`.
  ///
  /// - Parameter serverKeyFile: the coordinator's own key, made by `elsa keygen`; its secret is not
  ///   copied, so every start needs the file.
  package init(
    in directory: RunDirectory, serverKeyFile: String? = nil
  ) throws(CoordinatorServiceError) {
    let path = Self.path(in: directory)
    // Keys that cannot be looked at are not replaced by fresh ones.
    let isNew = !PrivateFile(path: path).mayExist
    let stored = isNew ? nil : try Self.file(at: path)
    if let serverKeyFile {
      server = try Self.server(of: serverKeyFile)
    } else {
      server = try Self.pair(stored?.server, path: path)
    }
    workers = try Self.pair(stored?.workers, path: path)
    operators = try Self.pair(stored?.operators, path: path)
    do throws(RunStorageError) {
      try directory.create()
      for role in [KeyRole.worker, .operator] { try directory.createKeyFolder(of: role) }
      // Before the file: once it is there the folders are the truth, and what was removed from
      // them stays removed.
      if stored?.operators == nil {
        let name = Self.sharedName
        try directory.authorize(Self.file(.operator, name, operators))
        try directory.authorize(Self.file(.worker, name, workers))
      }
      let file = File(
        server: serverKeyFile == nil ? server.secret.z85 : nil, workers: workers.secret.z85,
        operators: operators.secret.z85)
      try PrivateFile(path: path).write(file)
    } catch {
      throw .storage(error)
    }
  }

  /// Reads the operators' pair of a run directory, or returns `nil` if the run has none.
  package static func operators(in directory: RunDirectory) throws(CoordinatorServiceError)
    -> CurveKeyPair?
  {
    let path = path(in: directory)
    guard PrivateFile(path: path).mayExist else { return nil }
    return try file(at: path).operators.map { secret throws(CoordinatorServiceError) in
      try pair(secret, path: path)
    }
  }

  private static func path(in directory: RunDirectory) -> String { directory.file("keys.json") }

  private static func file(_ role: KeyRole, _ name: String, _ pair: CurveKeyPair) -> KeyFile {
    KeyFile(role: role, name: name, publicKey: pair.publicKey.z85, secretKey: nil)
  }

  private static func generated() throws(CoordinatorServiceError) -> CurveKeyPair {
    do throws(ZeroMQError) {
      return try .generate()
    } catch {
      throw .transport(error)
    }
  }

  /// Returns the pair of a secret that `keys.json` holds, or a fresh one if it holds none.
  private static func pair(
    _ secret: String?, path: String
  ) throws(CoordinatorServiceError) -> CurveKeyPair {
    guard let secret else { return try generated() }
    do throws(ZeroMQError) {
      return try CurveKeyPair(secret: CurveSecretKey(z85: secret))
    } catch {
      throw .malformedKeyFile(path: path, diagnostic: "\(error)")
    }
  }

  private static func server(of path: String) throws(CoordinatorServiceError) -> CurveKeyPair {
    do throws(RunStorageError) {
      let secret = try KeyFile(path: path).secret(of: .server, path: path)
      do throws(ZeroMQError) {
        return try CurveKeyPair(secret: CurveSecretKey(z85: secret))
      } catch {
        throw .malformedKey(path: path, diagnostic: "\(error)")
      }
    } catch {
      throw .storage(error)
    }
  }

  private static func file(at path: String) throws(CoordinatorServiceError) -> File {
    do throws(RunStorageError) {
      return try PrivateFile(path: path).read(File.self) { _ in true }
    } catch {
      throw .storage(error)
    }
  }
}
