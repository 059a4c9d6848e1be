import Coordination
import RunStorage

/// The connection file of a running coordinator: written at the start, again when it is gone, and
/// removed at the end unless another coordinator has written its own in its place.
struct PublishedConnection {
  /// What the file says.
  let file: ConnectionFile
  private let path: String
  private let journal: Journal
  private var lookDeadline = Instant.start

  /// The time between two looks.
  private static let lookInterval = Duration.seconds(1)

  /// Writes the file for the coordinator of a journal.
  init(
    _ file: ConnectionFile, to path: String, journal: Journal
  ) throws(RunStorageError) {
    try file.write(to: path)
    self.journal = journal
    self.file = file
    self.path = path
  }

  /// Looks after the file now and then; returns whether it was gone and is written again.
  ///
  /// - Throws: ``RunStorageError``: the file cannot be written, or the directory is another one.
  mutating func look(at now: Instant) throws(RunStorageError) -> Bool {
    guard lookDeadline <= now else { return false }
    lookDeadline = now + Self.lookInterval
    guard journal.isInPlace else { throw .replaced(path: journal.path) }
    // A file that is there is left alone: it is this one, or that of a coordinator that took over.
    guard !ConnectionFile.exists(at: path) else { return false }
    try file.write(to: path)
    return true
  }

  /// Removes the file if it is still this coordinator's.
  func remove() { file.remove(path: path) }
}
