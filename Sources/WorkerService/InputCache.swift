import Glibc
import ModelFiles
import SparsityCore
import WireProtocol

/// The files that workers of this machine have fetched, by content, in a folder of bounded size.
///
/// `HASH` is a complete file, `HASH.part` the beginning of one, `HASH.lock` its lock: held alone by
/// the process that fetches, and together by all that use the file. The files used longest ago go
/// first; one that is in use never goes. Several workers may start at once: one fetches, the others
/// wait.
package struct InputCache: Sendable {
  package let folder: String
  /// The bytes that it may hold.
  package let sizeMax: Int

  /// Describes a cache; its folder is made when it is first used.
  package init(folder: String, sizeMax: Int) {
    precondition(sizeMax > 0)
    self.folder = folder
    self.sizeMax = sizeMax
  }

  /// Returns the path of a complete file.
  package func path(of content: ContentHash) -> String { "\(folder)/\(content)" }

  /// Returns the path of the beginning of a file.
  package func partPath(of content: ContentHash) -> String { "\(folder)/\(content).part" }

  /// Takes the lock of a file, or returns `nil` if others have it in another mode.
  package func lock(_ content: ContentHash, _ mode: FileLock.Mode) throws(InputError) -> FileLock? {
    try FileLock(path: "\(folder)/\(content).lock", mode: mode)
  }

  /// Makes the folder, for this user alone, and the folders above it.
  ///
  /// - Throws: ``InputError``: it cannot be made, is another user's, or others can write into it.
  package func create() throws(InputError) {
    do throws(FolderFault) {
      try PrivateFolder.create(folder)
    } catch {
      switch error {
      case .shared(let path, let reason), .failed(let path, let reason):
        throw .cannotUse(path: path, reason: reason)
      }
    }
  }

  // MARK: Room

  /// A complete file or the beginning of one.
  private struct Stored {
    let name: String
    let content: ContentHash
    let size: Int
    let usedAt: Int
  }

  /// Makes room for the files of a run that are not there yet: the ones used longest ago go.
  ///
  /// - Throws: ``InputError`` if the run's files exceed the cache, or the disk has no room.
  package func makeRoom(for entries: [Inventory.Entry]) throws(InputError) {
    let needed = entries.reduce(0) { $0 + $1.size }
    guard needed <= sizeMax else { throw .cacheTooSmall(neededBytes: needed, limitBytes: sizeMax) }
    let wanted = Set(entries.map(\.content))
    let stored = try storedFiles()
    let present = stored.filter { wanted.contains($0.content) }.reduce(0) { $0 + $1.size }
    let others = stored.filter { !wanted.contains($0.content) }.sorted {
      ($0.usedAt, $0.name) < ($1.usedAt, $1.name)
    }
    let missing = max(0, needed - present)
    var excess = others.reduce(0) { $0 + $1.size } + needed - sizeMax
    var shortage = missing - freeBytes
    for file in others where excess > 0 || shortage > 0 {
      guard let lock = try lock(file.content, .alone) else { continue }
      try unlinkCached("\(folder)/\(file.name)")
      try lock.remove()
      excess -= file.size
      shortage -= file.size
    }
    guard shortage <= 0 else { throw .diskFull(path: folder, neededBytes: shortage) }
    // What others use right now may keep the cache above its size for a while; the run goes on.
  }

  /// Records that a file is used now.
  package func touch(_ content: ContentHash) {
    _ = unsafe utimensat(AT_FDCWD, path(of: content), nil, 0)
  }

  private var freeBytes: Int {
    var statistics = statvfs()
    guard unsafe statvfs(folder, &statistics) == 0 else { return Int.max }
    return Int(clamping: statistics.f_bavail).multipliedReportingOverflow(
      by: Int(clamping: statistics.f_frsize)
    ).partialValue
  }

  private func storedFiles() throws(InputError) -> [Stored] {
    guard let directory = unsafe opendir(folder) else {
      throw .cannotWrite(path: folder, errno: errno)
    }
    defer { unsafe closedir(directory) }
    var files: [Stored] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
          unsafe String(cString: $0)
        }
      }
      let stem = name.hasSuffix(".part") ? String(name.dropLast(5)) : name
      guard let content = ContentHash(hexadecimal: stem) else { continue }
      var status = stat()
      guard unsafe lstat("\(folder)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG
      else { continue }
      files.append(
        Stored(
          name: name, content: content, size: Int(status.st_size),
          usedAt: status.st_mtim.tv_sec))
    }
    return files
  }
}

/// The beginning of a file that is being fetched; the caller holds its lock alone.
struct PartFile: ~Copyable {
  let path: String
  private let file: FileDescriptor
  /// The bytes that it holds.
  private(set) var size: Int

  /// Opens or creates the file.
  init(path: String) throws(InputError) {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw .cannotWrite(path: path, errno: errno) }
    let file = FileDescriptor(owning: descriptor)
    do throws(ModelFileError) {
      size = try file.size(path: path)
    } catch {
      throw .cannotUse(path: path, reason: "\(error)")
    }
    self.path = path
    self.file = file
  }

  /// Cuts the file.
  mutating func truncate(to newSize: Int) throws(InputError) {
    guard ftruncate(file.rawValue, off_t(newSize)) == 0 else {
      throw .cannotWrite(path: path, errno: errno)
    }
    size = newSize
  }

  /// Adds bytes to the end.
  mutating func append(_ bytes: [UInt8]) throws(InputError) {
    do throws(ModelFileError) {
      try writeAll(bytes.span, to: file.rawValue, at: size, path: path)
    } catch {
      if case .diskFull(_, let needed) = error {
        throw .diskFull(path: path, neededBytes: needed)
      }
      throw .cannotUse(path: path, reason: "\(error)")
    }
    size += bytes.count
  }

  /// Brings the bytes to disk and gives the file its final name.
  func commit(as finalPath: String) throws(InputError) {
    guard fsync(file.rawValue) == 0, unsafe rename(path, finalPath) == 0 else {
      throw .cannotWrite(path: path, errno: errno)
    }
    do throws(ModelFileError) {
      try syncFolder(of: finalPath)
    } catch {
      throw .cannotUse(path: finalPath, reason: "\(error)")
    }
  }
}
