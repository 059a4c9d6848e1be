import Foundation
import TestSupport
import Testing

/// Which commit a program says that it was built from.
@Suite(.timeLimit(.minutes(20))) struct VersionTests {
  private static let git = "/usr/bin/git"
  private static let hasGit = FileManager.default.isExecutableFile(atPath: git)

  /// A checkout with the script that a build runs, and a source file.
  private struct Project {
    let folder: TemporaryFolder
    private let script = "Sources/NameCommit/name-commit"

    init() throws {
      folder = try TemporaryFolder()
      try FileManager.default.createDirectory(
        atPath: folder.file("Sources/NameCommit"), withIntermediateDirectories: true)
      for name in [script, ".gitattributes"] {
        try FileManager.default.copyItem(
          atPath: "\(Checkout.root)/\(name)", toPath: folder.file(name))
      }
      _ = try folder.write("1", to: "Sources/a")
    }

    /// Runs git in the folder and returns what it prints.
    @discardableResult
    func git(_ arguments: String...) throws -> String {
      let ending = try RunningProcess(
        VersionTests.git, ["-c", "user.name=a", "-c", "user.email=a@b"] + arguments,
        in: folder.path
      ).ending()
      try #require(ending.status == 0, "\(ending.errors)")
      return ending.output.trimmingCharacters(in: .newlines)
    }

    /// Makes a commit of everything and returns the beginning of its name.
    func commit() throws -> String {
      try git("add", "--all")
      try git("commit", "--quiet", "--message", "m")
      return try git("rev-parse", "--short=12", "HEAD")
    }

    /// What a build of a folder would say.
    func said(of path: String? = nil) throws -> String {
      let root = path ?? folder.path
      let ending = try RunningProcess(
        "/bin/sh", ["\(root)/\(script)", root, folder.file("Commit.swift")]
      ).ending()
      try #require(ending.status == 0, "\(ending.errors)")
      let text = try String(contentsOfFile: folder.file("Commit.swift"), encoding: .utf8)
      return try String(#require(text.firstMatch(of: /commit = "(.*)"/)).output.1)
    }
  }

  @Test func `the version has a number and a commit`() throws {
    let version = try Program.run(["--version"]).output
    let form = /\d+\.\d+\.\d+ \((unknown commit|commit [0-9a-f]{12}(, modified)?)\)\n/
    #expect(version.wholeMatch(of: form) != nil, "\(version)")
  }

  @Test(.enabled(if: hasGit, "needs git"))
  func `a checkout is named by its commit, and by whether its sources were modified`() throws {
    let project = try Project()
    #expect(try project.said() == "unknown commit")
    try project.git("init", "--quiet")
    #expect(try project.said() == "unknown commit", "nothing is committed yet")
    let first = try project.commit()
    #expect(try project.said() == "commit \(first)")
    _ = try project.folder.write("2", to: "Sources/a")
    #expect(try project.said() == "commit \(first), modified")
    let second = try project.commit()
    #expect(second != first)
    _ = try project.folder.write("1", to: "README.md")
    #expect(try project.said() == "commit \(second)", "a page is no part of the program")
    _ = try project.folder.write("1", to: "Sources/b")
    #expect(try project.said() == "commit \(second), modified", "a file that git does not know")
  }

  @Test(.enabled(if: hasGit, "needs git"))
  func `an archive is named by the commit that it was made of`() throws {
    let project = try Project()
    try project.git("init", "--quiet")
    let commit = try project.commit()
    let archive = project.folder.file("archive.tar")
    try project.git("archive", "--output", archive, "HEAD")
    let unpacked = try TemporaryFolder()
    let tar = try RunningProcess("/bin/tar", ["-xf", archive], in: unpacked.path)
    #expect(tar.ending().status == 0)
    #expect(try project.said(of: unpacked.path) == "commit \(commit)")
  }
}
