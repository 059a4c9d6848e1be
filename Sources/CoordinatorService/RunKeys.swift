import Foundation
import RunStorage
import ZeroMQ

/// The CURVE keys of a run: the coordinator's, and one pair that all workers share.
///
/// They lie in the run directory, so that workers find a restarted coordinator trustworthy.
public struct RunKeys: Hashable, Sendable {
  /// The coordinator's pair.
  public let server: CurveKeyPair
  /// The pair of the workers; only its public key may connect.
  public let workers: CurveKeyPair

  /// Creates keys from two pairs.
  public init(server: CurveKeyPair, workers: CurveKeyPair) {
    self.server = server
    self.workers = workers
  }

  private struct File: Codable {
    var version = 1
    var server: String
    var workers: String
  }

  /// Reads the keys of a run directory, or generates and keeps them there with mode 0600.
  ///
  /// Call it before the process has a messaging context: see `CurveKeyPair.generate()`.
  public init(in directory: RunDirectory) throws(CoordinatorServiceError) {
    let path = directory.file("keys.json")
    if FileManager.default.fileExists(atPath: path) {
      try self.init(path: path)
      return
    }
    do throws(ZeroMQError) {
      self.init(server: try .generate(), workers: try .generate())
    } catch {
      throw .transport(error)
    }
    do throws(RunStorageError) {
      try directory.create()
      let file = File(server: server.secret.z85, workers: workers.secret.z85)
      try PrivateFile(path: path).write(file)
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
      self.init(
        server: try CurveKeyPair(secret: CurveSecretKey(z85: file.server)),
        workers: try CurveKeyPair(secret: CurveSecretKey(z85: file.workers)))
    } catch {
      throw .malformedKeyFile(path: path, words: "\(error)")
    }
  }
}
