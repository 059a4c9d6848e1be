import Foundation
import Glibc
import ModelFiles
import RunStorage
import Testing
import TestSupport

/// What other users meet in a run directory.
struct PrivacyTests {
  private let run = TemporaryRun()
  private var directory: RunDirectory { run.directory }

  private func mode(_ path: String) throws -> mode_t {
    var status = stat()
    try #require(unsafe stat(path, &status) == 0, "\(path)")
    return status.st_mode & 0o7777
  }

  private var journalFiles: [String] {
    ["", "-wal", "-shm"].map { directory.journalPath + $0 }
  }

  @Test func `a run directory and its journal are their owner's alone`() throws {
    let journal = try Journal(in: directory)
    #expect(try mode(directory.path) == 0o700)
    for path in journalFiles + [directory.lockPath] { #expect(try mode(path) == 0o600) }
    try journal.close()
    try directory.authorize(
      KeyFile(role: .worker, name: "a", publicKey: "x", secretKey: nil))
    let folder = try #require(directory.keyFolder(of: .worker))
    for path in [directory.keyFolder, folder] { #expect(try mode(path) == 0o700) }
  }

  @Test func `a journal that an older program has left readable is closed to others`() throws {
    let first = try Journal(in: directory)
    for path in journalFiles { try #require(unsafe chmod(path, 0o644) == 0) }
    try first.close()
    try #require(unsafe chmod(directory.journalPath, 0o664) == 0)
    let second = try Journal(in: directory)
    for path in journalFiles { #expect(try mode(path) == 0o600) }
    try second.close()
  }

  @Test func `links in the place of journal and lock are not followed`() throws {
    try directory.create()
    let elsewhere = directory.file("elsewhere")
    // The lock comes first: where it fails, the journal is not looked at.
    for path in [directory.lockPath, directory.journalPath] {
      try #require(unsafe symlink(elsewhere, path) == 0)
      let error = #expect(throws: RunStorageError.self) { try Journal(in: directory) }
      #expect(error.map { "\($0)".contains(path) } == true)
      #expect(!FileManager.default.fileExists(atPath: elsewhere))
      try #require(unsafe unlink(path) == 0)
    }
  }

  @Test func `a run directory that others can write into is refused`() throws {
    try directory.create()
    try #require(unsafe chmod(directory.path, 0o775) == 0)
    let error = #expect(throws: RunStorageError.self) { try DirectoryLock(of: directory) }
    #expect(error.map { "\($0)".contains("chmod go-w \(directory.path)") } == true)
    try #require(unsafe chmod(directory.path, 0o700) == 0)
    try directory.create(directory.keyFolder)
    try #require(unsafe chmod(directory.keyFolder, 0o707) == 0)
    #expect(throws: RunStorageError.self) {
      try directory.authorize(
        KeyFile(role: .worker, name: "a", publicKey: "x", secretKey: nil))
    }
  }
}
