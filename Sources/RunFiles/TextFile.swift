import Foundation
import ModelFiles

/// Files that users write, read whole: regular files of a bounded size.
package enum TextFile {
  /// Returns the text of a run file, a profile or a table.
  package static func text(of path: String) throws(RunFileError) -> String {
    let bytes = try bytes(of: path, limit: RunFile.sizeMax)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw RunFileError(file: path, message: "is not UTF-8 text")
    }
    return text
  }

  /// Returns the bytes of a file that has at most `limit` of them.
  package static func bytes(of path: String, limit: Int) throws(RunFileError) -> [UInt8] {
    do {
      return try readFile(path, limitBytes: limit)
    } catch {
      switch error {
      case .cannotRead(_, let reason):
        throw RunFileError(
          file: path, message: "cannot be read: \(reason); give the path of a file")
      default: throw RunFileError(file: path, message: "\(error)")
      }
    }
  }
}
