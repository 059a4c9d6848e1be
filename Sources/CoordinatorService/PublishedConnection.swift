import Coordination
import RunStorage

/// The connection file of a running coordinator, and its copy at another place if there is one:
/// written at the start, again when they are gone, and removed at the end unless another
/// coordinator has written its own in their place.
struct PublishedConnection {
  /// What the file says.
  let file: ConnectionFile
  private let path: String
  private let copy: ConnectionCopy?
  private let journal: Journal
  private var lookDeadline = Instant.start

  /// The time between two looks.
  private static let lookInterval = Duration.seconds(1)

  /// Writes the file, and its copy, for the coordinator of a journal.
  init(
    _ file: ConnectionFile, to path: String, copy: ConnectionCopy?, journal: Journal
  ) throws(RunStorageError) {
    try file.write(to: path)
    if let copy { try file.write(to: copy.path, mode: copy.mode) }
    self.copy = copy
    self.journal = journal
    self.file = file
    self.path = path
  }

  /// Looks after both now and then; returns whether one was gone and is written again.
  ///
  /// - Throws: ``RunStorageError``: the file cannot be written, or the directory is another one.
  mutating func look(at now: Instant) throws(RunStorageError) -> Bool {
    guard lookDeadline <= now else { return false }
    lookDeadline = now + Self.lookInterval
    guard journal.isInPlace else { throw .replaced(path: journal.path) }
    // A file that is there is left alone: it is this one, or that of a coordinator that took over.
    var isWritten = false
    if !ConnectionFile.exists(at: path) {
      try file.write(to: path)
      isWritten = true
    }
    if let copy, !ConnectionFile.exists(at: copy.path) {
      try file.write(to: copy.path, mode: copy.mode)
      isWritten = true
    }
    return isWritten
  }

  /// Removes the files that are still this coordinator's; returns what could not be removed.
  func remove() -> [RunStorageError] {
    var failures: [RunStorageError] = []
    // In a directory that is another one by now nothing is this coordinator's, even if it looks so.
    for path in [journal.isInPlace ? path : nil, copy?.path].compactMap(\.self) {
      do throws(RunStorageError) {
        try file.remove(path: path)
      } catch {
        failures.append(error)
      }
    }
    return failures
  }
}
