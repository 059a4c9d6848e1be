import Foundation

/// What the program writes: results to standard output, everything else to standard error.
enum Output {
  /// Writes a line about what is going on.
  static func note(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
  }

  /// Writes a line of the result.
  static func result(_ text: String) {
    FileHandle.standardOutput.write(Data((text + "\n").utf8))
  }

  /// Writes a value of the result as JSON with sorted keys.
  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    result(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// Writes a file, which appears under its name only when it is complete.
  static func write(_ data: Data, to path: String) throws {
    do {
      try data.write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw CommandFailure("cannot write \(path): \(error.localizedDescription)")
    }
  }

  /// Throws unless a file may be written at `path`: long work should not end in a missing folder.
  static func checkFolder(of path: String) throws {
    let folder = URL(filePath: path).deletingLastPathComponent().path
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw CommandFailure(
        "\(path) cannot be written: the folder \(folder) does not exist or is write-protected",
        nextStep: "create it, or name another place")
    }
  }

  /// Whether standard error is a terminal that a person watches.
  static var isTerminal: Bool { isatty(FileHandle.standardError.fileDescriptor) == 1 }
}
