import Foundation
import RunStorage
import SparsityCore
import Testing
import TestSupport
import WireProtocol

@Suite struct ConnectionFileTests {
  let run = TemporaryRun()
  let path: String

  init() throws {
    try run.directory.create()
    path = run.directory.connectionFilePath
  }

  private func example() throws -> ConnectionFile {
    ConnectionFile(
      endpoints: ["tcp://127.0.0.1:5555"], serverKey: "server", workerPublicKey: "public",
      workerSecretKey: "secret", run: try #require(RunID(7)), term: Term(2), processID: 4711,
      host: "node07")
  }

  @Test func `what was written is read, and only the owner may read it`() throws {
    let file = try example()
    try file.write(to: path)
    #expect(try ConnectionFile(path: path) == file)
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    let names = try FileManager.default.contentsOfDirectory(atPath: run.directory.path)
    #expect(names == ["connection.json"])
  }

  @Test func `a newer file replaces an older one in one step`() throws {
    var file = try example()
    try file.write(to: path)
    file.term = 3
    try file.write(to: path)
    #expect(try ConnectionFile(path: path).term == 3)
  }

  @Test func `a secret that others can read is refused`() throws {
    try example().write(to: path)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    #expect(throws: RunStorageError.exposedSecret(path: path, mode: 0o644)) {
      try ConnectionFile(path: path)
    }
  }

  @Test(arguments: [0o600, 0o400, 0o640, 0o440] as [UInt16])
  func `a secret that only its owner and a group of ours can read is taken`(mode: UInt16) throws {
    try example().write(to: path)
    try #require(unsafe chmod(path, mode_t(mode)) == 0)
    #expect(try ConnectionFile(path: path) == (try example()))
    // As secrets are mounted: behind a link, whose own mode says nothing.
    let link = run.directory.file("link.json")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    #expect(try ConnectionFile(path: link) == (try example()))
  }

  @Test(arguments: [0o644, 0o604, 0o660, 0o620, 0o602, 0o606, 0o601] as [UInt16])
  func `a secret that others can read or write is refused`(mode: UInt16) throws {
    try example().write(to: path)
    try #require(unsafe chmod(path, mode_t(mode)) == 0)
    #expect(throws: RunStorageError.exposedSecret(path: path, mode: mode)) {
      try ConnectionFile(path: path)
    }
  }

  @Test func `a secret that a foreign group can read is refused`() throws {
    try example().write(to: path)
    let foreign: gid_t = 54_321
    // Only root can give a file away.
    guard unsafe chown(path, getuid(), foreign) == 0 else { return }
    try #require(unsafe chmod(path, 0o440) == 0)
    #expect(throws: RunStorageError.exposedSecret(path: path, mode: 0o440)) {
      try ConnectionFile(path: path)
    }
  }

  @Test(arguments: ["", "{", "[]", #"{"version": 1}"#])
  func `a malformed file is named`(text: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path))
    let error = #expect(throws: RunStorageError.self) { try ConnectionFile(path: path) }
    #expect("\(try #require(error))".contains("is not a file that a coordinator writes"))
  }

  @Test func `a missing file is named`() throws {
    let error = #expect(throws: RunStorageError.self) { try ConnectionFile(path: path) }
    #expect("\(try #require(error))".contains("cannot open \(path)"))
  }

  @Test func `removing it twice is no error`() throws {
    let file = try example()
    try file.write(to: path)
    try file.remove(path: path)
    #expect(!ConnectionFile.exists(at: path))
    try file.remove(path: path)
  }

  @Test func `only the coordinator that has written the file removes it`() throws {
    let own = try example()
    let changes: [(inout ConnectionFile) -> Void] = [
      { $0.term = 3 }, { $0.processID = 4712 }, { $0.host = "node08" },
      { $0.run = "00000000000000ff" },
    ]
    for change in changes {
      var other = own
      change(&other)
      try other.write(to: path)
      try own.remove(path: path)
      #expect(try ConnectionFile(path: path) == other)
    }
    try Data("something else".utf8).write(to: URL(filePath: path))
    try own.remove(path: path)
    #expect(ConnectionFile.exists(at: path))
    // That a user has made it readable does not make it another's.
    try own.write(to: path)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    try own.remove(path: path)
    #expect(!ConnectionFile.exists(at: path))
  }
}
