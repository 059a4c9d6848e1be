import Foundation
import Glibc
import WireProtocol

/// What a worker needs to join a run: the file that a coordinator writes for as long as it runs.
public struct ConnectionFile: Codable, Hashable, Sendable {
  /// The version of the file's form.
  public var version = 1
  /// The addresses to connect to, the most likely one first, as in `tcp://node07:5555`.
  public var endpoints: [String]
  /// The coordinator's public key in Z85 text, or `nil` without encryption.
  public var serverKey: String?
  /// The public key that workers show, in Z85 text, or `nil` without encryption.
  public var workerPublicKey: String?
  /// The secret key of ``workerPublicKey``; the reason why only the owner may read the file.
  public var workerSecretKey: String?
  /// The run, as 16 hexadecimal digits.
  public var run: String
  /// The coordinator's epoch.
  public var epoch: UInt32
  /// The coordinator's process.
  public var processID: Int32
  /// The coordinator's machine.
  public var host: String

  /// Creates the content of a file.
  public init(
    endpoints: [String], serverKey: String?, workerPublicKey: String?, workerSecretKey: String?,
    run: RunID, epoch: Epoch, processID: Int32, host: String
  ) {
    precondition(!endpoints.isEmpty)
    self.endpoints = endpoints
    self.serverKey = serverKey
    self.workerPublicKey = workerPublicKey
    self.workerSecretKey = workerSecretKey
    self.run = "\(run)"
    self.epoch = epoch.rawValue
    self.processID = processID
    self.host = host
  }

  /// Reads a file.
  ///
  /// - Throws: ``RunStorageError``: missing, malformed, or readable by others in spite of a secret.
  public init(path: String) throws(RunStorageError) {
    let data: Data
    let mode: UInt16
    do {
      data = try Data(contentsOf: URL(filePath: path))
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      mode = (attributes[.posixPermissions] as? NSNumber)?.uint16Value ?? 0
    } catch {
      throw .cannotOpen(
        path: path, reason: "\(error.localizedDescription); is the coordinator running?")
    }
    guard data.count <= 1 << 16 else {
      throw .malformedConnectionFile(path: path, words: "it is too large")
    }
    do {
      self = try JSONDecoder().decode(ConnectionFile.self, from: data)
    } catch {
      throw .malformedConnectionFile(path: path, words: "it is not the expected JSON")
    }
    guard version == 1 else {
      throw .malformedConnectionFile(path: path, words: "version \(version) is not supported")
    }
    guard !endpoints.isEmpty else {
      throw .malformedConnectionFile(path: path, words: "it names no endpoint")
    }
    guard workerSecretKey == nil || mode & 0o077 == 0 else {
      throw .exposedSecret(path: path, mode: mode)
    }
  }

  /// Writes the file with mode 0600, in one step for whoever waits for it.
  public func write(to path: String) throws(RunStorageError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let temporary = "\(path).\(getpid()).partial"
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try encoder.encode(self)) + [UInt8(ascii: "\n")]
    } catch {
      throw .failed(operation: "encode", path: path, reason: "\(error)")
    }
    unsafe unlink(temporary)
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw .cannotOpen(path: path, reason: RunStorageError.words(errno: errno))
    }
    let isWritten =
      unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
    let code = errno
    close(descriptor)
    guard isWritten, unsafe rename(temporary, path) == 0 else {
      let reason = RunStorageError.words(errno: isWritten ? errno : code)
      unsafe unlink(temporary)
      throw .failed(operation: "write", path: path, reason: reason)
    }
  }

  /// Removes the file of a coordinator that ends; a file that is gone already is no error.
  public static func remove(path: String) {
    unsafe unlink(path)
  }
}
