import Foundation
import RunPreparation
import RunReports
import RunStorage
import SparsityCore
import Synchronization
import Testing
import TestSupport
import TextReports
import WireProtocol

struct JournaledFrontTests {
  private let run: SmallRun
  private let temporary = TemporaryRun()
  private var directory: RunDirectory { temporary.directory }

  init() throws {
    run = try SmallRun()
    try directory.create()
  }

  /// The records of a run of two evaluations, of which both are on the front.
  private var records: [JournalRecord] {
    [
      .opened(RunOpening(term: Term(1), description: run.description, settings: SmallRun.settings)),
      .proposed(CandidateID(0), run.genome(1)), .proposed(CandidateID(1), run.genome(0)),
      .evaluated(evaluated(0, correct: 9, throughput: 100)),
      .evaluated(evaluated(1, correct: 8, throughput: 150)),
    ]
  }

  /// Writes a run directory.
  private func write(_ records: [JournalRecord], evaluations: Int = 2) throws {
    try """
    model: {weights: model.safetensors}
    data: {search: search.safetensors}
    patterns: ["2:4", "4:4"]
    search: {population: 2, evaluations: \(evaluations)}
    """.write(toFile: directory.runFile, atomically: true, encoding: .utf8)
    try SmallRun.configuration.write(
      toFile: directory.configuration, atomically: true, encoding: .utf8)
    let journal = try Journal(in: directory)
    try journal.append(records, at: 0, writtenAt: Date(timeIntervalSince1970: 1_700_000_000))
    try journal.close()
  }

  private func front() throws -> JournaledFront {
    try JournaledFront(directory: directory) { Issue.record("\($0)") }
  }

  @Test func `the front of a journal is that of its records`() throws {
    try write(records)
    let front = try front().front
    #expect(front.model == "small")
    #expect(front.points.map(\.candidate) == [0, 1])
    #expect(front.evaluations == 2)
    #expect(front.points.allSatisfy { $0.testAccuracy == nil })
  }

  @Test func `a configuration that is not the run's any more is refused`() throws {
    try write(records)
    let wider = SmallRun.configuration.replacingOccurrences(of: "128", with: "256")
    try wider.write(toFile: directory.configuration, atomically: true, encoding: .utf8)
    let error = #expect(throws: ExplainedError.self) { try front() }
    #expect(error?.description.contains("not the model configuration of this run") == true)
  }

  @Test func `what was measured on the test set is taken from the front that is kept`() throws {
    try write(records)
    var measured = try front().front
    measured.points[1].testAccuracy = 0.25
    try measured.encoded().write(to: URL(filePath: directory.front))
    #expect(try front().front.points.map(\.testAccuracy) == [nil, 0.25])
    try Data("{".utf8).write(to: URL(filePath: directory.front))
    let told = Mutex<[String]>([])
    let again = try JournaledFront(directory: directory) { text in
      told.withLock { $0.append(text) }
    }
    #expect(again.front.points.allSatisfy { $0.testAccuracy == nil })
    #expect(told.withLock { $0.count } == 1)
    #expect(told.withLock { $0.allSatisfy { $0.contains("cannot be read and is not used") } })
  }

  @Test func `a point is found by its row, with its genome`() throws {
    try write(records)
    let front = try front()
    #expect(try front.point(at: 2).candidate == 1)
    #expect(try front.genome(of: front.point(at: 2)) == run.genome(0))
    for row in [0, 3] {
      let error = try #require(throws: ExplainedError.self) { try front.point(at: row) }
      #expect(error.message.hasSuffix("has 2 points, no point \(row)"))
    }
  }

  @Test func `a folder without a run is refused`() throws {
    let none = try #require(throws: ExplainedError.self) { try front() }
    #expect(none.message == "no run in \(directory.path)")
  }

  @Test func `a journal that does not begin with a start is refused`() throws {
    try write(Array(records.dropFirst()))
    let error = try #require(throws: ExplainedError.self) { try front() }
    #expect(error.message.contains("does not begin with the start of a run"))
  }

  @Test(arguments: [(2, RunReport.State.finished), (3, .stopped)])
  func `without a coordinator a journal tells whether anything is left to do`(
    evaluations: Int, state: RunReport.State
  ) throws {
    try write(records, evaluations: evaluations)
    let report = try RunReport(journalOf: directory) { Issue.record("\($0)") }
    #expect(report.state == state)
    #expect(report.progress.evaluationCount == 2)
    #expect(report.progress.evaluationCountMax == evaluations)
    #expect(report.progress.frontCount == 2)
    #expect(report.progress.hypervolume > 0)
    #expect(report.progress.numerics == run.description.numerics.description)
    #expect(report.activity == nil)
    #expect(report.disk.journalBytes > 0)
    #expect(report.runFile == directory.runFile)
    let isStopped = state == .stopped
    #expect(report.lines[0].contains("--run-directory \(directory.path) --resume") == isStopped)
  }

  @Test func `what is quarantined counts as done`() throws {
    let more: [JournalRecord] = [
      .proposed(CandidateID(2), run.genome(0, 0)),
      .quarantined(CandidateID(2), diagnostic: "it died"),
    ]
    try write(records + more, evaluations: 3)
    let report = try RunReport(journalOf: directory) { Issue.record("\($0)") }
    #expect(report.state == .finished)
    #expect(
      report.progress.quarantined == [QuarantinedCandidate(candidate: 2, diagnostic: "it died")])
    #expect(report.lines.contains("  candidate 2: it died"))
  }
}
