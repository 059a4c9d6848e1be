import Foundation
import ModelFiles

/// The lines of a small text file with their numbers, empty ones left out.
struct TextLines {
  /// The file.
  let path: String
  /// Each line without the white space around it, and its number from 1.
  let lines: [(number: Int, text: String)]

  /// The largest file that is read.
  private static let sizeMax = 256 << 20

  /// Reads a file; a byte-order mark at its beginning is skipped.
  init(path: String) throws(ImageDataError) {
    let bytes: [UInt8]
    do {
      bytes = try readFile(path, limitBytes: Self.sizeMax)
    } catch {
      throw .file(error)
    }
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let content = bytes.starts(with: mark) ? bytes[mark.count...] : bytes[...]
    var lines: [(number: Int, text: String)] = []
    for (index, line) in content.split(separator: 0x0A, omittingEmptySubsequences: false)
      .enumerated()
    {
      guard let text = String(validating: line, as: UTF8.self) else {
        throw .textNotUTF8(
          path: path, line: index + 1, text: escaped(Array(line.prefix(100))))
      }
      let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
      if !trimmed.isEmpty { lines.append((index + 1, trimmed)) }
    }
    self.path = path
    self.lines = lines
  }

  /// Returns the parts of a line `name number`, the number from 0; the name may hold spaces.
  static func nameAndNumber(_ text: String) -> (name: String, number: Int)? {
    let fields = text.split(maxSplits: .max) { $0 == " " || $0 == "\t" }
    guard fields.count >= 2, let last = fields.last, let number = Int(last), number >= 0,
      number <= Int(Int32.max)
    else { return nil }
    return (text[..<last.startIndex].trimmingCharacters(in: .whitespaces), number)
  }
}
