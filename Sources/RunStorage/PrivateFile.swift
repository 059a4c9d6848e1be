import Foundation
import Glibc
import ModelFiles

/// A small file that only its owner may read, because it holds a secret.
package struct PrivateFile: Hashable, Sendable {
  /// The file's path.
  package let path: String

  /// The largest file that is read.
  private static let sizeMax = 1 << 16

  /// Creates the description of a file that may not exist yet.
  package init(path: String) {
    self.path = path
  }

  /// Whether something lies at the path, or a look at it fails: only a look that succeeds says that
  /// there is nothing.
  package var mayExist: Bool {
    FileIdentity(ofFileAt: path) != nil || !FileIdentity.isKnown(at: path)
  }

  /// Writes the file with mode 0600, in one step for those who read it meanwhile.
  package func write(_ content: some Encodable) throws(RunStorageError) {
    try write(content, mode: 0o600)
  }

  /// Writes the file with the rights of `mode`, in one step for those who read it meanwhile.
  func write(_ content: some Encodable, mode: UInt16) throws(RunStorageError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try encoder.encode(content)) + [UInt8(ascii: "\n")]
    } catch {
      throw .failed(operation: "encode", path: path, reason: "\(error)")
    }
    do throws(ModelFileError) {
      let file = try AtomicFile(path: path, mode: mode)
      try file.write(bytes.span, at: 0)
      try file.commit()
    } catch {
      throw RunStorageError(error, path: path)
    }
  }

  /// Reads the file.
  ///
  /// A secret may be readable by a group of this process, as a mounted one is, never by everybody,
  /// and only its owner may write it.
  ///
  /// - Parameter isSecret: whether the content is one.
  /// - Throws: ``RunStorageError``: missing, malformed, or a secret that others can read or write.
  package func read<Content: Decodable>(
    _ type: Content.Type, isSecret: (Content) -> Bool
  ) throws(RunStorageError) -> Content {
    let data: Data
    var status = stat()
    do {
      let file = try FileHandle(forReadingFrom: URL(filePath: path))
      data = try file.read(upToCount: Self.sizeMax + 1) ?? Data()
      // Of the file that was read, not of a link to it, as mounted secrets are.
      guard unsafe fstat(file.fileDescriptor, &status) == 0 else {
        throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
      }
    } catch {
      throw .cannotOpen(path: path, reason: error.localizedDescription)
    }
    guard data.count <= Self.sizeMax else {
      throw .malformedFile(path: path, diagnostic: "it is too large")
    }
    let content: Content
    do {
      content = try JSONDecoder().decode(type, from: data)
    } catch {
      throw .malformedFile(path: path, diagnostic: "it is not the expected JSON")
    }
    guard !isSecret(content) || Self.isPrivate(status) else {
      throw .exposedSecret(path: path, mode: UInt16(status.st_mode & 0o777))
    }
    return content
  }

  /// Whether nobody but the owner and, for reading alone, a group of this process has access.
  private static func isPrivate(_ status: stat) -> Bool {
    let mode = status.st_mode
    guard mode & (S_IRWXO | S_IWGRP) == 0 else { return false }
    return mode & S_IRGRP == 0 || isOwnGroup(status.st_gid)
  }

  /// Whether this process belongs to a group.
  private static func isOwnGroup(_ group: gid_t) -> Bool {
    if group == getegid() { return true }
    let count = getgroups(0, nil)
    guard count > 0 else { return false }
    var groups = [gid_t](repeating: 0, count: Int(count))
    let found = unsafe getgroups(count, &groups)
    return found > 0 && groups.prefix(Int(found)).contains(group)
  }
}
