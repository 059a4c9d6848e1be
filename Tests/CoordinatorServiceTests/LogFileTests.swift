import CoordinatorService
import Foundation
import Testing
import TestSupport

struct LogFileTests {
  private let temporary: TemporaryFolder
  private var folder: String { temporary.path }
  private var path: String { temporary.file("elsa.log") }

  init() throws {
    temporary = try TemporaryFolder()
  }

  private func text(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
  }

  @Test func `lines are added behind those of earlier processes`() throws {
    LogFile(path: path, sizeMax: 1_000).append("one")
    LogFile(path: path, sizeMax: 1_000).append("two")
    #expect(try text(path) == "one\ntwo\n")
  }

  @Test func `a full log starts anew and keeps the first and the last full one`() throws {
    let log = LogFile(path: path, sizeMax: 100)
    for number in 0..<1_000 { log.append("line \(number)") }
    #expect(try text(path).utf8.count <= 100)
    #expect(try text(path + ".1").hasPrefix("line 0\n"))
    #expect(try text(path + ".1").utf8.count <= 100)
    #expect(try text(path + ".2").utf8.count <= 100)
    // Nothing between the last two files is missing.
    let last = try text(path + ".2") + text(path)
    let numbers = last.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
    #expect(numbers == Array((1_000 - numbers.count)..<1_000))
    #expect(try text(path).hasSuffix("line 999\n"))
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    #expect(files == ["elsa.log", "elsa.log.1", "elsa.log.2"])
  }

  @Test func `a log is its owner's and no link is followed to it`() throws {
    LogFile(path: path, sizeMax: 100).append("private")
    var status = stat()
    #expect(unsafe stat(path, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
    let other = folder + "/other"
    try Data("precious\n".utf8).write(to: URL(filePath: other))
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: other)
    LogFile(path: path, sizeMax: 100).append("goes nowhere")
    #expect(try text(other) == "precious\n")
  }

  @Test func `a full log that cannot be moved stays within its size`() throws {
    for name in [".1", ".2"] {
      try FileManager.default.createDirectory(
        atPath: path + name + "/full", withIntermediateDirectories: true)
    }
    let log = LogFile(path: path, sizeMax: 100)
    for number in 0..<1_000 { log.append("line \(number)") }
    #expect(try text(path).hasPrefix("line 0\n"))
    #expect(try text(path).utf8.count <= 100)
  }

  @Test func `a log is opened again as soon as it can be, and says what it lacks`() throws {
    let missing = folder + "/missing"
    let log = LogFile(path: missing + "/elsa.log", sizeMax: 1_000)
    for _ in 0..<50 { log.append("nobody reads this") }
    try FileManager.default.createDirectory(atPath: missing, withIntermediateDirectories: true)
    for line in ["one", "two"] { log.append(line) }
    #expect(
      try text(missing + "/elsa.log") == "(50 lines could not be written here)\none\ntwo\n")
  }

  @Test func `a log that cannot be written costs nothing but the log`() {
    let log = LogFile(path: folder + "/missing/elsa.log", sizeMax: 100)
    for _ in 0..<50 { log.append("nobody reads this") }
    #expect(!FileManager.default.fileExists(atPath: folder + "/missing"))
  }
}
