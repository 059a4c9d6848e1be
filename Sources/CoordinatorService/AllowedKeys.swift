import Foundation
import Glibc
import RunStorage
import SparsityCore
import ZeroMQ

/// The keys that may connect to a coordinator, and what each may do.
public struct AllowedKeys: Hashable, Sendable {
  /// The keys of workers.
  public var workers: Set<CurvePublicKey> = []
  /// The keys of operators.
  public var operators: Set<CurvePublicKey> = []

  /// Creates an empty list, which lets nobody in.
  public init() {}

  /// All keys.
  var all: Set<CurvePublicKey> { workers.union(operators) }
}

/// The public keys in a run directory, read again when a file appears, changes or goes.
///
/// A file that is no key is named in words and gives no right. A folder that cannot be read gives
/// nobody a right: who may not be asked is not let in.
package struct KeyFolder: Sendable {
  /// What a reading has found.
  package struct Reading: Hashable, Sendable {
    /// The keys.
    package var allowed = AllowedKeys()
    /// What is wrong with some files, in words.
    package var problems: [String] = []

    /// The count of the keys in words.
    package var words: String {
      "the keys of \(counted(allowed.workers.count, "worker")) and "
        + "\(counted(allowed.operators.count, "operator")) "
        + "may connect"
    }
  }

  /// The files that are read of each role; more are an error in words.
  package static let fileCountMax = 10_000

  private let directory: RunDirectory
  private var signature: [Stamp] = []

  /// What tells that a file has changed.
  private struct Stamp: Hashable {
    let path: String
    let inode: UInt64
    let size: Int64
    let seconds: Int
    let nanoseconds: Int
  }

  /// Creates the reader of a run's keys.
  package init(of directory: RunDirectory) {
    self.directory = directory
  }

  /// Reads the keys, or returns `nil` if nothing has changed since the last time.
  package mutating func changes() -> Reading? {
    let current = stamps()
    guard current != signature else { return nil }
    return read(current)
  }

  /// Reads the keys.
  package mutating func read() -> Reading { read(stamps()) }

  private mutating func read(_ stamps: [Stamp]) -> Reading {
    signature = stamps
    var reading = Reading()
    for role in [KeyRole.worker, .operator] {
      guard let folder = directory.keyFolder(of: role) else { continue }
      let files = stamps.filter { $0.path.hasPrefix(folder + "/") }
      if files.count == Self.fileCountMax {
        reading.problems.append("only \(files.count) files of \(folder) are looked at")
      }
      for file in files {
        do {
          let key = try KeyFile(path: file.path)
          guard key.role == role else {
            let words = "it is the key of \(key.role.words)"
            throw RunStorageError.malformedKey(path: file.path, words: words)
          }
          let publicKey = try CurvePublicKey(z85: key.publicKey)
          switch role {
          case .worker: reading.allowed.workers.insert(publicKey)
          case .operator: reading.allowed.operators.insert(publicKey)
          case .server: break
          }
        } catch {
          reading.problems.append("\(file.path) lets nobody in: \(error)")
        }
      }
    }
    let both = reading.allowed.workers.intersection(reading.allowed.operators)
    for key in both.map(\.z85).sorted() {
      reading.problems.append("the key \(key) is allowed as a worker and as an operator")
    }
    return reading
  }

  private func stamps() -> [Stamp] {
    var stamps: [Stamp] = []
    for role in [KeyRole.worker, .operator] {
      guard let folder = directory.keyFolder(of: role) else { continue }
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      let keys = names.filter { $0.hasSuffix(KeyFile.publicSuffix) && !$0.hasPrefix(".") }
      for name in keys.sorted().prefix(Self.fileCountMax) {
        let path = "\(folder)/\(name)"
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { continue }
        stamps.append(
          Stamp(
            path: path, inode: UInt64(status.st_ino), size: Int64(status.st_size),
            seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec))
      }
    }
    return stamps
  }
}
