import Foundation
import RunPreparation
import RunReports
import RunStorage
import Testing
import TestSupport

struct SilenceTests {
  private static let now = Date(timeIntervalSince1970: 1_700_000_000)

  private static func report(_ directory: RunDirectory, answeredAt: Date? = nil) throws -> RunReport
  {
    try RunReport(
      Silence(in: directory, answeredAt: answeredAt, at: now), in: directory, notified: { _ in })
  }

  @Test func `where nobody is at work and nothing is journaled, that is the answer`() throws {
    let run = TemporaryRun()
    try run.directory.create()
    let silence = try Silence(in: run.directory, answeredAt: nil, at: Self.now)
    #expect(silence.isAbsent)
    #expect(throws: (any Error).self) { try Self.report(run.directory) }
  }

  @Test func `who holds the run and does not answer is told, with the last sign of it`() throws {
    let run = TemporaryRun()
    try run.directory.create()
    let lock = try DirectoryLock(of: run.directory)
    let report = try Self.report(run.directory, answeredAt: Self.now)
    #expect(report.state == .notAnswering)
    #expect(report.notAnsweringSince == Self.now)
    #expect(
      try #require(report.holder).contains("\(ProcessInfo.processInfo.processIdentifier)"))
    #expect(report.runDirectory == run.directory.path)
    #expect(report.runFile == nil)
    #expect(report.activity == nil)
    withExtendedLifetime(lock) {}
  }

  @Test func `a run that is being prepared says what and how far`() throws {
    let run = TemporaryRun()
    try run.directory.create()
    let lock = try DirectoryLock(of: run.directory)
    let content =
      #"{"processID":1,"host":"h","startedAt":721692740,"what":"layers pruned","#
      + #""done":3,"total":48}"#
    try content.write(
      toFile: run.directory.preparation, atomically: true, encoding: .utf8)
    let report = try Self.report(run.directory)
    #expect(report.state == .preparing)
    // Dates are counted from 2001: a minute before now.
    #expect(report.lines == ["state        preparing for 1:00: layers pruned, 3 of 48"])
    withExtendedLifetime(lock) {}
  }
}
