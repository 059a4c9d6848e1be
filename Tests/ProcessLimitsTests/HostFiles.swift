import Foundation

/// A folder in the place of `/`, with the files that a kernel would show.
final class HostFiles {
  let root = FileManager.default.temporaryDirectory
    .appending(path: "elsa-host-\(UUID().uuidString)").path

  init(_ files: [String: String]) throws {
    for (path, text) in files {
      let url = URL(filePath: root + path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: url, atomically: false, encoding: .utf8)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }
}
