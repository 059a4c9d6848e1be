import AcceleratorModel
import Coordination
import CoordinatorService
import EvolutionarySearch
import Foundation
import GRDB
import NetworkArchitectures
import ProcessLimits
import RunStorage
import SparsityCore
import Testing
import TestSupport
import WireProtocol

/// Restarts of a real coordinator service over a journal on disk; no worker joins.
@Suite(.serialized, .timeLimit(.minutes(20))) struct RecoveryTests {
  /// A run with results in its journal, in a folder of its own.
  final class StoredRun {
    private let temporary = TemporaryRun()
    var settings: CoordinatorSettings
    var directory: RunDirectory { temporary.directory }

    init(snapshotIntervalRecords: Int = 10) throws {
      let run = try ExampleRun(patterns: ["1:4", "2:4", "4:4"])
      settings = run.settings(populationSize: 8, evaluations: 60, initial: [])
      settings.description.shardSize = 4
      settings.bounds.snapshotIntervalRecords = snapshotIntervalRecords
    }

    /// Appends what so many further evaluations of a perfect worker leave in the journal.
    func evaluate(_ count: Int) throws {
      let journal = try Journal(in: directory)
      var machine = try CoordinatorRecovery(settings: settings, from: journal).machine
      let hello = Hello(
        supported: ProtocolVersion.supported, build: "", label: "a", slots: 1,
        offers: [BackendOffer(backend: Backend(name: "test", version: "1"), values: [:])], held: [])
      func message(_ message: Message) -> Coordinator.Event {
        .received(
          Envelope(
            run: settings.description.run, term: machine.term, sequence: 0, message: message),
          from: WorkerID(1))
      }
      var events: [Coordinator.Event] = [
        .started, message(.hello(hello)), message(.request(WorkRequest(leaseCountMax: 1))),
      ]
      var left = count
      while !events.isEmpty {
        for effect in machine.applyThinking(events.removeFirst(), at: .start) {
          switch effect {
          case .persist(let batch):
            try journal.append(batch.records, at: batch.firstSequence, writtenAt: Date())
            events.append(.persisted(firstSequence: batch.firstSequence))
          case .send(let envelope, _):
            guard case .lease(let grant) = envelope.message, left > 0 else { continue }
            left -= 1
            var correct = BitVector(count: grant.slice.count)
            correct[grant.genome.genes.reduce(0) { $0 + Int($1) } % 4] = true
            let result = ShardResult(
              shard: grant.shard, key: grant.key,
              measurement: ShardMeasurement(correct: correct, summedLoss: 1),
              costs: settings.model.cost(grant.genome).wireValues, evaluationMicroseconds: 5,
              token: grant.token)
            events.append(message(.result(result)))
          default: break
          }
        }
      }
      try journal.close()
    }

    /// Changes the journal as damage would.
    func execute(_ sql: String) throws {
      let queue = try DatabaseQueue(path: directory.journalPath)
      try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
      try queue.close()
    }

    /// Puts zeros in the place of a page that a restart from the snapshot does not read.
    func losePage() throws {
      let whole = try Data(contentsOf: URL(filePath: directory.journalPath))
      for start in stride(from: 4_096, to: whole.count, by: 4_096) {
        var spoilt = whole
        spoilt.replaceSubrange(start..<start + 4_096, with: Data(count: 4_096))
        try spoilt.write(to: URL(filePath: directory.journalPath))
        guard (try? JournalReader(of: directory).checkIntegrity()) == nil,
          let journal = try? Journal(in: directory),
          let recovery = try? CoordinatorRecovery(settings: settings, from: journal)
        else { continue }
        if recovery.warning == nil { return }
      }
      Issue.record("every page is read")
    }

    /// Starts the service, asks it to end so many times, and returns what it has said.
    func restart(
      stopRequest: StopRequest = .orderly
    ) throws -> (notifications: [String], warnings: [String], state: RunStatus) {
      var notifications: [String] = []
      var warnings: [String] = []
      var observer = CoordinatorObserver()
      observer.notified = { _, diagnostic in diagnostic.map { notifications.append($0) } }
      observer.warned = { warnings.append($0) }
      observer.stopRequest = { stopRequest }
      let outcome = try runCoordinator(
        CoordinatorConfiguration(
          settings: settings, directory: directory, endpoint: "tcp://127.0.0.1:0",
          security: .none), observer: observer)
      #expect(outcome.ending == .stopped)
      return (notifications, warnings.filter { $0.contains("snapshot") }, outcome.status)
    }
  }

  @Test func `a restart goes on from the last snapshot and the records after it`() throws {
    let run = try StoredRun()
    try run.evaluate(20)
    let first = try run.restart()
    #expect(first.notifications.contains { $0.contains("resumed as term 2 with 20 evaluations") })
    #expect(first.notifications.contains { $0.contains(", from 62 records") })
    #expect(first.warnings.isEmpty)
    try run.evaluate(10)
    let second = try run.restart()
    let diagnostic = try #require(second.notifications.first { $0.contains("resumed as term 4") })
    #expect(diagnostic.contains("with 30 evaluations and 30 shards done"))
    #expect(diagnostic.contains("from a snapshot of 63 records and 31 records after it"))
    #expect(second.state.progress.evaluationCount == 30)
    #expect(second.warnings.isEmpty)
  }

  @Test(arguments: [
    "UPDATE snapshots SET content = zeroblob(1000)", "UPDATE snapshots SET record_count = 5",
    "UPDATE snapshots SET term = 4711", "UPDATE snapshots SET digest = digest + 1",
  ])
  func `a damaged snapshot costs time and a warning, nothing else`(sql: String) throws {
    let run = try StoredRun()
    try run.evaluate(20)
    _ = try run.restart()
    try run.execute(sql)
    let resumed = try run.restart()
    #expect(resumed.notifications.contains { $0.contains(", from 63 records") })
    #expect(resumed.state.progress.evaluationCount == 20)
    #expect(resumed.warnings.count == 1)
    #expect(resumed.warnings.first?.contains("all 63 records were read instead") == true)
    // The next snapshot has taken its place.
    let later = try run.restart()
    #expect(later.warnings.isEmpty)
    #expect(later.notifications.contains { $0.contains("from a snapshot of 64 records") })
  }

  @Test func `a snapshot with sound bytes that does not fit its records is not used`() throws {
    let run = try StoredRun()
    try run.evaluate(20)
    let journal = try Journal(in: run.directory)
    let machine = try Coordinator(
      settings: run.settings, recovering: try journal.records().prefix(30))
    var stored = try RunSnapshot(decoding: machine.snapshot.encoded())
    stored.opening.term = Term(1)
    stored.recordCount = 33
    try journal.replaceSnapshot(
      with: JournalSnapshot(recordCount: 33, term: Term(1), content: stored.encoded()),
      writtenAt: Date())
    try journal.close()
    let resumed = try run.restart()
    #expect(resumed.warnings.count == 1)
    #expect(resumed.state.progress.evaluationCount == 20)
  }

  @Test func `the journal of another run is refused with the same diagnostic behind a snapshot`()
    throws
  {
    let run = try StoredRun()
    try run.evaluate(20)
    _ = try run.restart()
    run.settings.settingsText = "other"
    let error = #expect(throws: CoordinatorServiceError.self) { try run.restart() }
    #expect(
      error == .coordination(.otherRun(differences: ["the search's settings"])))
  }

  @Test func `damage that a restart does not meet ends the run when the check finds it`() throws {
    let run = try StoredRun()
    try run.evaluate(40)
    _ = try run.restart()
    try run.losePage()
    let error = #expect(throws: CoordinatorServiceError.self) {
      try run.restart(stopRequest: .none)
    }
    guard case .storage(.corrupt) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `a damaged record behind the snapshot is fatal, as ever`() throws {
    let run = try StoredRun()
    try run.evaluate(20)
    _ = try run.restart()
    try run.evaluate(5)
    try run.execute("UPDATE records SET digest = 0 WHERE sequence = 70")
    let error = #expect(throws: CoordinatorServiceError.self) { try run.restart() }
    guard case .storage(.damagedRecord(_, sequence: 70, _)) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}
