import Foundation

/// What a look at the write-ahead log of SQLite tells (https://www.sqlite.org/fileformat2.html, 4).
///
/// SQLite ignores what follows the last complete transaction, without a word. Anyone who resumes a
/// run after a crash wants to hear it.
enum WriteAheadLog {
  private static let headerSize = 32
  private static let frameHeaderSize = 24

  /// Returns the bytes of an unfinished transaction at the end of a log.
  ///
  /// Frames of the log's present life carry its two salts; older ones that were not yet overwritten
  /// carry others.
  ///
  /// - Parameter frameCount: the frames of complete transactions, as SQLite counts them.
  static func unfinishedByteCount(path: String, after frameCount: Int) -> Int {
    guard let file = FileHandle(forReadingAtPath: path) else { return 0 }
    defer { file.closeFile() }
    guard let header = read(file, at: 0, count: headerSize), header.count == headerSize else {
      return 0
    }
    let pageSize = header[8..<12].reduce(0) { $0 << 8 | Int($1) }
    guard (512...65_536).contains(pageSize) else { return 0 }
    let salts = header[16..<24]
    let frameSize = frameHeaderSize + pageSize
    var count = 0
    var offset = headerSize + frameCount * frameSize
    while let head = read(file, at: offset, count: frameHeaderSize), !head.isEmpty {
      // A head that is cut off is the beginning of a frame, whosever it is.
      guard head.count < frameHeaderSize || head[8..<16].elementsEqual(salts) else { break }
      let rest = read(file, at: offset + head.count, count: pageSize) ?? []
      count += head.count + rest.count
      offset += frameSize
    }
    return count
  }

  private static func read(_ file: FileHandle, at offset: Int, count: Int) -> [UInt8]? {
    do {
      try file.seek(toOffset: UInt64(offset))
      return [UInt8](try file.read(upToCount: count) ?? Data())
    } catch {
      return nil
    }
  }
}
