import CoordinatorService
import Foundation
import Testing

@Suite final class LogFileTests {
  let folder = FileManager.default.temporaryDirectory.path + "/elsa-log-\(UUID().uuidString)"
  var path: String { folder + "/elsa.log" }

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func text(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
  }

  @Test func `lines are added behind those of earlier processes`() throws {
    LogFile(path: path, sizeMax: 1_000).append("one")
    LogFile(path: path, sizeMax: 1_000).append("two")
    #expect(try text(path) == "one\ntwo\n")
  }

  @Test func `a full log starts anew and keeps one older`() throws {
    let log = LogFile(path: path, sizeMax: 100)
    for number in 0..<1_000 { log.append("line \(number)") }
    #expect(try text(path).utf8.count <= 100)
    #expect(try text(path + ".1").utf8.count <= 100)
    #expect(try text(path).hasSuffix("line 999\n"))
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    #expect(files == ["elsa.log", "elsa.log.1"])
  }

  @Test func `a log that cannot be written costs nothing but the log`() {
    let log = LogFile(path: folder + "/missing/elsa.log", sizeMax: 100)
    for _ in 0..<50 { log.append("nobody reads this") }
    #expect(!FileManager.default.fileExists(atPath: folder + "/missing"))
  }
}
