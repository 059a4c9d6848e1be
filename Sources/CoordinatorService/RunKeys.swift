import Foundation
import RunStorage
import ZeroMQ

/// The CURVE keys that a run brings along: the coordinator's, a pair that workers may share, and
/// one for whoever may read the run directory and looks after the run.
///
/// They lie in `keys.json`, so that workers find a restarted coordinator trustworthy. Whether a key
/// may connect is another question: see `RunDirectory.authorize(_:)`.
public struct RunKeys: Hashable, Sendable {
  /// The coordinator's pair.
  public let server: CurveKeyPair
  /// The pair that the connection file gives to workers.
  public let workers: CurveKeyPair
  /// The pair by which `elsa status` and `elsa drain` speak with the coordinator.
  public let operators: CurveKeyPair

  /// The name under which the workers' common key is allowed.
  public static let sharedName = "shared"

  private struct File: Codable {
    var version = 1
    var server: String
    var workers: String
    var operators: String?
  }

  private init(server: CurveKeyPair, workers: CurveKeyPair, operators: CurveKeyPair) {
    self.server = server
    self.workers = workers
    self.operators = operators
  }

  /// Reads the keys of a run directory, or generates and keeps them there with mode 0600.
  ///
  /// Call it before the process has a messaging context: see `CurveKeyPair.generate()`.
  ///
  /// - Parameter serverKeyFile: the coordinator's own key, made by `elsa keygen`; it replaces the
  ///   generated one, also for later starts.
  public init(
    in directory: RunDirectory, serverKeyFile: String? = nil
  ) throws(CoordinatorServiceError) {
    let path = Self.path(in: directory)
    let isNew = !FileManager.default.fileExists(atPath: path)
    var keys = isNew ? try Self.generated() : try RunKeys(path: path)
    if let serverKeyFile {
      let server = try Self.server(of: serverKeyFile)
      keys = RunKeys(server: server, workers: keys.workers, operators: keys.operators)
    }
    do throws(RunStorageError) {
      try directory.create()
      let file = File(
        server: keys.server.secret.z85, workers: keys.workers.secret.z85,
        operators: keys.operators.secret.z85)
      try PrivateFile(path: path).write(file)
      // Once the folder is there it is the truth: what was removed from it stays revoked.
      if isNew || !FileManager.default.fileExists(atPath: directory.keyFolder) {
        let name = Self.sharedName
        try directory.authorize(Self.file(.operator, name, keys.operators))
        try directory.authorize(Self.file(.worker, name, keys.workers))
      }
    } catch {
      throw .storage(error)
    }
    self = keys
  }

  /// Reads the keys of a run directory, or returns `nil` if the run has none.
  public static func existing(in directory: RunDirectory) throws(CoordinatorServiceError)
    -> RunKeys?
  {
    let path = path(in: directory)
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return try RunKeys(path: path)
  }

  private static func path(in directory: RunDirectory) -> String { directory.file("keys.json") }

  private static func file(_ role: KeyRole, _ name: String, _ pair: CurveKeyPair) -> KeyFile {
    KeyFile(role: role, name: name, publicKey: pair.publicKey.z85, secretKey: nil)
  }

  private static func generated() throws(CoordinatorServiceError) -> RunKeys {
    do throws(ZeroMQError) {
      return RunKeys(
        server: try .generate(), workers: try .generate(), operators: try .generate())
    } catch {
      throw .transport(error)
    }
  }

  private static func server(of path: String) throws(CoordinatorServiceError) -> CurveKeyPair {
    do throws(RunStorageError) {
      let secret = try KeyFile(path: path).secret(of: .server, path: path)
      do throws(ZeroMQError) {
        return try CurveKeyPair(secret: CurveSecretKey(z85: secret))
      } catch {
        throw .malformedKey(path: path, words: "\(error)")
      }
    } catch {
      throw .storage(error)
    }
  }

  private init(path: String) throws(CoordinatorServiceError) {
    let file: File
    do throws(RunStorageError) {
      file = try PrivateFile(path: path).read(File.self) { _ in true }
    } catch {
      throw .storage(error)
    }
    do throws(ZeroMQError) {
      let operators: CurveKeyPair
      if let secret = file.operators {
        operators = try CurveKeyPair(secret: CurveSecretKey(z85: secret))
      } else {
        operators = try .generate()
      }
      self.init(
        server: try CurveKeyPair(secret: CurveSecretKey(z85: file.server)),
        workers: try CurveKeyPair(secret: CurveSecretKey(z85: file.workers)),
        operators: operators)
    } catch {
      throw .malformedKeyFile(path: path, words: "\(error)")
    }
  }
}
