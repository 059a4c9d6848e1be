import Foundation
import TestSupport

/// A folder in the place of `/`, with the files that a kernel would show.
struct HostFiles {
  private let folder: TemporaryFolder
  var root: String { folder.path }

  init(_ files: [String: String]) throws {
    folder = try TemporaryFolder()
    for (path, text) in files {
      let url = URL(filePath: root + path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: url, atomically: false, encoding: .utf8)
    }
  }
}
