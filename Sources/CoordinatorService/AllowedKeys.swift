import Coordination
import Glibc
import RunStorage
import SparsityCore
import ZeroMQ

/// The keys that may connect to a coordinator, and what each may do.
package struct AllowedKeys: Hashable, Sendable {
  /// The keys of workers.
  package var workers: Set<CurvePublicKey> = []
  /// The names of workers' keys: those of their files.
  package var workerNames: [CurvePublicKey: String] = [:]
  package var operators: Set<CurvePublicKey> = []

  /// Creates an empty list, which lets nobody in.
  package init() {}

  var all: Set<CurvePublicKey> { workers.union(operators) }
}

/// The public keys in a run directory, read again when a file appears, changes or goes.
///
/// A file that is no key is named and gives no right. What cannot be read is not empty:
/// its keys stay as they were last read, and that is reported. A key that was there goes only when
/// two readings in a row have found it gone.
package struct KeyFolder: Sendable {
  /// What a reading has found.
  package struct Reading: Hashable, Sendable {
    package var allowed = AllowedKeys()
    /// What is wrong with some files, as text.
    package var problems: [String] = []
    /// What could not be read, as text; the keys in it are those of the last good reading.
    package var failures: [String] = []

    /// The count of the keys as text.
    package var diagnostic: String {
      "the keys of \(counted(allowed.workers.count, "worker")) and "
        + "\(counted(allowed.operators.count, "operator")) "
        + "may connect"
    }
  }

  /// The files that are read of each role; more are an error.
  package static let fileCountMax = RunLimits.workerKeyRange.upperBound + 1

  private let directory: RunDirectory
  private var files: [KeyRole: [String: KnownFile]] = [:]
  private var lastReading: Reading?

  /// What is known of a file.
  private struct KnownFile {
    var stamp: Stamp?
    var key: CurvePublicKey?
    /// What the file has held until the last reading.
    var formerKey: CurvePublicKey?
    var problem: String?
    /// Whether the last reading has not found the file.
    var isMissing = false
  }

  /// What tells that a file has changed.
  private struct Stamp: Hashable {
    let inode: UInt64
    let size: Int64
    let seconds: Int
    let nanoseconds: Int
  }

  /// What a look at a file or folder gives.
  private enum Look<Content> {
    case found(Content)
    case absent
    case failed(reason: String)
  }

  /// Creates the reader of a run's keys.
  package init(of directory: RunDirectory) {
    self.directory = directory
  }

  /// Reads the keys, or returns `nil` if nothing is different from the last time.
  package mutating func changes() -> Reading? {
    let former = lastReading
    let reading = read()
    return reading == former ? nil : reading
  }

  /// Reads the keys.
  package mutating func read() -> Reading {
    var reading = Reading()
    for role in [KeyRole.worker, .operator] {
      guard let folder = directory.keyFolder(of: role) else { continue }
      readFolder(folder, of: role, into: &reading)
      let known = (files[role] ?? [:]).values
      let keys = Set(known.flatMap { [$0.key, $0.formerKey].compactMap(\.self) })
      switch role {
      case .worker:
        reading.allowed.workers = keys
        reading.allowed.workerNames = names(of: .worker)
      case .operator: reading.allowed.operators = keys
      case .server: break
      }
      reading.problems += known.compactMap(\.problem).sorted()
    }
    let both = reading.allowed.workers.intersection(reading.allowed.operators)
    for key in both.map(\.z85).sorted() {
      reading.problems.append("the key \(key) is allowed as a worker and as an operator")
    }
    lastReading = reading
    return reading
  }

  /// The names of the keys; of several files with one key the first in order gives it.
  private func names(of role: KeyRole) -> [CurvePublicKey: String] {
    var names: [CurvePublicKey: String] = [:]
    for (path, file) in (files[role] ?? [:]).sorted(by: { $0.key < $1.key }) {
      let name = (path.split(separator: "/").last ?? "").dropLast(KeyFile.publicSuffix.count)
      for key in [file.key, file.formerKey].compactMap(\.self) {
        names[key] = names[key] ?? String(name)
      }
    }
    return names
  }

  private mutating func readFolder(
    _ folder: String, of role: KeyRole, into reading: inout Reading
  ) {
    do throws(RunStorageError) {
      // A folder above that others can write into may have another one put in this one's place.
      for path in [directory.path, directory.keyFolder, folder] { try directory.check(path) }
    } catch .exposedFolder(let path, let reason) {
      reading.failures.append(
        "\(path) is not this user's alone (\(reason)): the keys in \(folder) stay as they were")
      return
    } catch {
      // The look at the names says what that means.
    }
    let names: [String]
    switch Self.names(in: folder) {
    case .found(let found): names = found
    case .absent: names = []
    case .failed(let reason):
      reading.failures.append("\(folder) cannot be read (\(reason)): its keys stay as they were")
      return
    }
    if names.count > Self.fileCountMax {
      reading.problems.append("only \(Self.fileCountMax) files of \(folder) are looked at")
    }
    var known = files[role] ?? [:]
    let present = Set(names.prefix(Self.fileCountMax).map { "\(folder)/\($0)" })
    for path in present.union(known.keys) {
      let look = present.contains(path) ? Self.stamp(of: path) : .absent
      known[path] = Self.readFile(path, look, of: role, known[path], into: &reading)
    }
    files[role] = known
  }

  /// Returns what is known of a file after another look, or `nil` if it is gone for good.
  private static func readFile(
    _ path: String, _ look: Look<Stamp>, of role: KeyRole, _ former: KnownFile?,
    into reading: inout Reading
  ) -> KnownFile? {
    var file = former ?? KnownFile()
    func keep(_ reason: String) -> KnownFile? {
      let diagnostic = former == nil ? "it lets nobody in yet" : "its key stays as it was"
      reading.failures.append("\(path) cannot be read (\(reason)): \(diagnostic)")
      return former
    }
    let stamp: Stamp
    switch look {
    case .failed(let reason): return keep(reason)
    case .absent:
      guard former != nil, !file.isMissing else { return nil }
      file.isMissing = true
      return file
    case .found(let found): stamp = found
    }
    file.isMissing = false
    guard file.stamp != stamp else {
      file.formerKey = nil
      return file
    }
    let key: CurvePublicKey?
    do {
      key = try Self.key(path: path, role: role)
      file.problem = nil
    } catch let error as RunStorageError {
      if case .cannotOpen(_, let reason) = error { return keep(reason) }
      (key, file.problem) = (nil, "\(path) lets nobody in: \(error)")
    } catch {
      (key, file.problem) = (nil, "\(path) lets nobody in: \(error)")
    }
    file.stamp = stamp
    file.formerKey = file.key
    file.key = key
    return file
  }

  private static func key(path: String, role: KeyRole) throws -> CurvePublicKey {
    let key = try KeyFile(path: path)
    let own = SpotCheckSettings.usualTrustedKey
    guard role != .worker || !path.hasSuffix("/\(own)\(KeyFile.publicSuffix)") else {
      let diagnostic = "\(own) is the name of the coordinator's own key; give the file another"
      throw RunStorageError.malformedKey(path: path, diagnostic: diagnostic)
    }
    guard key.role == role else {
      let diagnostic = "it is the key of \(key.role.diagnostic)"
      throw RunStorageError.malformedKey(path: path, diagnostic: diagnostic)
    }
    return try CurvePublicKey(z85: key.publicKey)
  }

  /// Returns the names of the key files in a folder, in order.
  private static func names(in folder: String) -> Look<[String]> {
    guard let stream = unsafe opendir(folder) else { return failedLook() }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else { break }
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(KeyFile.publicSuffix), !name.hasPrefix(".") { names.append(name) }
    }
    return errno == 0 ? .found(names.sorted()) : .failed(reason: diagnostic(errno))
  }

  private static func stamp(of path: String) -> Look<Stamp> {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return failedLook() }
    return .found(
      Stamp(
        inode: UInt64(status.st_ino), size: Int64(status.st_size),
        seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec))
  }

  private static func failedLook<Content>() -> Look<Content> {
    errno == ENOENT ? .absent : .failed(reason: diagnostic(errno))
  }

  private static func diagnostic(_ code: Int32) -> String {
    unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
  }
}
