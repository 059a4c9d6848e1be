import Foundation
import Glibc

/// A small file that only its owner may read, because it holds a secret.
public struct PrivateFile: Hashable, Sendable {
  /// The file's path.
  public let path: String

  /// The largest file that is read.
  private static let sizeMax = 1 << 16

  /// Creates the description of a file that may not exist yet.
  public init(path: String) {
    self.path = path
  }

  /// Writes the file with mode 0600, in one step for whoever reads it meanwhile.
  public func write(_ content: some Encodable) throws(RunStorageError) {
    try write(content, mode: 0o600)
  }

  /// Writes the file with the rights of `mode`, in one step for whoever reads it meanwhile.
  func write(_ content: some Encodable, mode: mode_t) throws(RunStorageError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try encoder.encode(content)) + [UInt8(ascii: "\n")]
    } catch {
      throw .failed(operation: "encode", path: path, reason: "\(error)")
    }
    let temporary = "\(path).\(getpid()).partial"
    unsafe unlink(temporary)
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
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

  /// Reads the file.
  ///
  /// - Parameter isSecret: whether the content must not be readable by others.
  /// - Throws: ``RunStorageError``: missing, malformed, or a secret that others can read.
  public func read<Content: Decodable>(
    _ type: Content.Type, isSecret: (Content) -> Bool
  ) throws(RunStorageError) -> Content {
    let data: Data
    let mode: UInt16
    do {
      let file = try FileHandle(forReadingFrom: URL(filePath: path))
      data = try file.read(upToCount: Self.sizeMax + 1) ?? Data()
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      mode = (attributes[.posixPermissions] as? NSNumber)?.uint16Value ?? 0
    } catch {
      throw .cannotOpen(path: path, reason: error.localizedDescription)
    }
    guard data.count <= Self.sizeMax else {
      throw .malformedFile(path: path, words: "it is too large")
    }
    let content: Content
    do {
      content = try JSONDecoder().decode(type, from: data)
    } catch {
      throw .malformedFile(path: path, words: "it is not the expected JSON")
    }
    guard !isSecret(content) || mode & 0o077 == 0 else {
      throw .exposedSecret(path: path, mode: mode)
    }
    return content
  }
}
