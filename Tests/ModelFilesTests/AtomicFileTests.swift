import Foundation
import Glibc
import ModelFiles
import Testing
import TestSupport

struct AtomicFileTests {
  @Test func `a file that is not committed leaves nothing behind`() throws {
    try withTemporaryFolder { folder in
      do {
        let file = try AtomicFile(path: folder + "/a")
        try file.write([1, 2, 3].span, at: 0)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(names.count == 1)
        #expect(names.allSatisfy { $0.hasPrefix(".a.") && $0.hasSuffix(".partial") })
      }
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(names.isEmpty)
    }
  }

  @Test func `pieces may be written in any order`() throws {
    try withTemporaryFolder { folder in
      let file = try AtomicFile(path: folder + "/a")
      try file.write([3, 4].span, at: 2)
      try file.write([1, 2].span, at: 0)
      try file.write([9].span, at: 5)
      try file.commit()
      #expect(try readFile(folder + "/a", limitBytes: 6) == [1, 2, 3, 4, 0, 9])
    }
  }

  @Test func `two writers of one name do not meet`() throws {
    try withTemporaryFolder { folder in
      let first = try AtomicFile(path: folder + "/a")
      let second = try AtomicFile(path: folder + "/a")
      try first.write([1].span, at: 0)
      try second.write([2].span, at: 0)
      try second.commit()
      try first.commit()
      #expect(try readFile(folder + "/a", limitBytes: 1) == [1])
    }
  }

  @Test func `a file is its owner's alone unless another mode is asked for`() throws {
    try withTemporaryFolder { folder in
      for mode in [nil, 0o640, 0o644] as [UInt16?] {
        let path = folder + "/\(mode ?? 0)"
        let file = try mode.map { try AtomicFile(path: path, mode: $0) } ?? AtomicFile(path: path)
        try file.commit()
        var status = stat()
        try #require(unsafe stat(path, &status) == 0)
        #expect(status.st_mode & 0o7777 == mode_t(mode ?? 0o600))
      }
    }
  }

  @Test func `a link in a file's place is replaced, not followed`() throws {
    try withTemporaryFolder { folder in
      try Data([7]).write(to: URL(filePath: folder + "/precious"))
      try #require(unsafe symlink(folder + "/precious", folder + "/a") == 0)
      let file = try AtomicFile(path: folder + "/a")
      try file.write([1].span, at: 0)
      try file.commit()
      #expect(try readFile(folder + "/precious", limitBytes: 1) == [7])
      #expect(try readFile(folder + "/a", limitBytes: 1) == [1])
    }
  }

  @Test func `a full disk is reported as such`() throws {
    let descriptor = unsafe open("/dev/full", O_WRONLY)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    #expect(throws: ModelFileError.diskFull(path: "p", neededBytes: 3)) {
      try writeAll([1, 2, 3].span, to: descriptor, at: 0, path: "p")
    }
  }

  @Test func `a folder that is missing is named`() {
    #expect(
      throws: ModelFileError.cannotWrite(
        path: "/nonexistent/a", reason: "No such file or directory")
    ) { try AtomicFile(path: "/nonexistent/a") }
    #expect(throws: ModelFileError.self) { try AtomicFile(path: "/tmp/") }
  }

  @Test func `a file beyond the limit is not read`() throws {
    try withTemporaryFolder { folder in
      try Data([1, 2, 3]).write(to: URL(filePath: folder + "/a"))
      #expect(
        throws: ModelFileError.tooLarge(path: folder + "/a", bytes: 3, limitBytes: 2)
      ) { try readFile(folder + "/a", limitBytes: 2) }
    }
  }
}
