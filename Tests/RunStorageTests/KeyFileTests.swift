import Foundation
import RunStorage
import Testing
import TestSupport

@Suite struct KeyFileTests {
  let run = TemporaryRun()
  let path: String

  init() throws {
    try run.directory.create()
    path = run.directory.file("node07.key")
  }

  private func mode(_ path: String) throws -> Int? {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return (attributes[.posixPermissions] as? NSNumber)?.intValue
  }

  private func example() -> KeyFile {
    KeyFile(role: .worker, name: "node07", publicKey: "public", secretKey: "secret")
  }

  @Test func `the pair is for its owner and the public half for others`() throws {
    try example().write(to: path)
    #expect(try KeyFile(path: path) == example())
    #expect(try mode(path) == 0o600)
    let publicPath = run.directory.file("node07.pub")
    try example().publicPart.write(to: publicPath)
    #expect(try mode(publicPath) == 0o644)
    #expect(try KeyFile(path: publicPath).secretKey == nil)
    let text = try String(contentsOfFile: publicPath, encoding: .utf8)
    #expect(!text.contains("secret"))
  }

  @Test func `a secret that others can read is refused`() throws {
    try example().write(to: path)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    #expect(throws: RunStorageError.exposedSecret(path: path, mode: 0o644)) {
      try KeyFile(path: path)
    }
  }

  @Test func `a key of another role and a public half are refused with a diagnostic`() throws {
    let diagnostic = #expect(throws: RunStorageError.self) {
      try example().secret(of: .operator, path: "node07.key")
    }
    #expect(
      "\(try #require(diagnostic))".contains("node07.key is not a key: it is the key of a worker"))
    #expect(throws: RunStorageError.self) {
      try example().publicPart.secret(of: .worker, path: "node07.pub")
    }
    #expect(try example().secret(of: .worker, path: "node07.key") == "secret")
  }

  @Test(arguments: ["", "{", "[]", #"{"version": 1}"#])
  func `a malformed file is named`(text: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path))
    let error = #expect(throws: RunStorageError.self) { try KeyFile(path: path) }
    #expect("\(try #require(error))".contains("elsa keygen"))
  }

  @Test func `names stay within their folder`() {
    for name in ["node07", "a.b-c_d", "0"] { #expect(KeyFile.isName(name)) }
    for name in ["", ".hidden", "a/b", "../x", "ä", String(repeating: "a", count: 65)] {
      #expect(!KeyFile.isName(name), "\(name)")
    }
  }
}
