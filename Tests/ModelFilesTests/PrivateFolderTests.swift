import Foundation
import Glibc
import ModelFiles
import Testing
import TestSupport

struct PrivateFolderTests {
  /// A user who is not this one.
  static let other: uid_t = 65_534
  /// Whether this process may give files away.
  static let isRoot = geteuid() == 0

  private func mode(_ path: String) throws -> mode_t {
    var status = stat()
    try #require(unsafe stat(path, &status) == 0)
    return status.st_mode & 0o7777
  }

  private func refusal(of path: String) -> String? {
    do throws(FolderFault) {
      try PrivateFolder.create(path)
    } catch {
      guard case .shared(_, let reason) = error else { return "failed: \(error)" }
      return reason
    }
    return nil
  }

  @Test func `folders are made for their owner alone, and found again`() throws {
    try withTemporaryFolder { folder in
      try PrivateFolder.create(folder + "/a/b/c")
      for path in ["/a", "/a/b", "/a/b/c"] { #expect(try mode(folder + path) == 0o700) }
      try PrivateFolder.create(folder + "/a/b/c/")
      #expect(unsafe chmod(folder + "/a", 0o755) == 0)
      try PrivateFolder.create(folder + "/a")
      #expect(try mode(folder + "/a") == 0o755, "a folder of the user's stays as it is")
    }
  }

  @Test(arguments: [(0o770, "its group"), (0o702, "everybody"), (0o1777, "everybody")])
  func `a folder that others can write into is refused`(mode: Int, who: String) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/shared"
      try PrivateFolder.create(path)
      try #require(unsafe chmod(path, mode_t(mode)) == 0)
      let reason = try #require(refusal(of: path))
      #expect(reason.hasPrefix("\(who) can write into it (mode \(String(mode, radix: 8)))"))
      #expect(reason.contains("chmod go-w \(path)"))
    }
  }

  @Test(.enabled(if: isRoot, "only root can make another user's folder"))
  func `another user's folder is refused, and a link that he has made`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/theirs"
      try PrivateFolder.create(path)
      try #require(unsafe chown(path, Self.other, Self.other) == 0)
      #expect(try #require(refusal(of: path)).hasPrefix("it belongs to user 65534"))
      try PrivateFolder.create(folder + "/ours")
      let link = folder + "/link"
      try #require(unsafe symlink(folder + "/ours", link) == 0)
      #expect(refusal(of: link) == nil)
      try #require(unsafe lchown(link, Self.other, Self.other) == 0)
      #expect(try #require(refusal(of: link)).hasPrefix("it is a link that user 65534 has made"))
    }
  }

  @Test func `what is no folder, or cannot be made, is named`() throws {
    try withTemporaryFolder { folder in
      try Data().write(to: URL(filePath: folder + "/file"))
      #expect(
        refusal(of: folder + "/file") == "failed: cannot use the folder \(folder)/file: "
          + "it is no folder")
      #expect(try #require(refusal(of: folder + "/file/below")).hasPrefix("failed: "))
    }
  }
}
