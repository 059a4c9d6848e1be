import Coordination
import CoordinatorService
import Foundation
import RunStorage
import SparsityCore
import Synchronization
import Testing
import TestSupport
import WireProtocol
import WorkerService
import ZeroMQ

@Suite(.serialized, .timeLimit(.minutes(20))) struct RunTests {
  @Test(arguments: [false, true])
  func `three workers complete 200 evaluations, each shard once`(isEncrypted: Bool) throws {
    let run = try TestRun(evaluations: 200)
    let security = isEncrypted ? CoordinatorSecurity.curve(try RunKeys(in: run.directory)) : .none
    let coordinator = RunningCoordinator(run.configuration(security: security))
    let file = try coordinator.started()
    #expect((file.serverKey != nil) == isEncrypted)
    let workers = (1...3).map { RunningWorker(run, label: "worker \($0)") }
    let outcome = try coordinator.outcome()
    #expect(outcome.ending == .completed)
    #expect(outcome.status.progress.evaluationCount == 200)
    #expect(outcome.status.activity.transport.refusedConnections == 0)
    #expect(coordinator.status == outcome.status)
    #expect(coordinator.fronts.first ?? 200 < 200)
    #expect(coordinator.fronts.last == 200)
    for worker in workers { #expect(try worker.outcome().exit == .finished) }
    #expect(try run.evaluatedCount() == 200)
    #expect(run.computed.withLock { Set($0).count } == 200)
    // Near the end a shard may be leased to a second worker.
    let backupLeases = outcome.status.activity.counters.backupLeases
    #expect(run.computed.withLock { $0.count } <= 200 + backupLeases)
    #expect(!FileManager.default.fileExists(atPath: run.directory.connectionFilePath))
    let log = try String(contentsOfFile: run.directory.logPath, encoding: .utf8)
    #expect(log.contains("worker worker 2 joined"))
    #expect(log.contains("ended: complete"))
  }

  @Test func `the work of a killed worker is leased again`() throws {
    let run = try TestRun(evaluations: 40, images: 12, shardSize: 4)
    let coordinator = RunningCoordinator(run.configuration())
    _ = try coordinator.started()
    let isHolding = Mutex(false)
    let victim = RunningWorker(run, label: "victim") { _, control in
      isHolding.withLock { $0 = true }
      while !control.isCancelled { usleep(1_000) }
    }
    #expect(wait { isHolding.withLock { $0 } })
    victim.kill()
    let killed = ContinuousClock.now
    #expect(try victim.outcome().exit == nil)
    let other = RunningWorker(run, label: "other")
    let outcome = try coordinator.outcome()
    #expect(outcome.ending == .completed)
    // Near the end a speculative lease may come before the loss is noticed.
    let counters = outcome.status.activity.counters
    #expect(counters.expiredLeases + counters.backupLeases >= 1)
    #expect(try other.outcome().shardCount == 120)
    #expect(try run.evaluatedCount() == 40)
    #expect(ContinuousClock.now - killed < .seconds(20))
  }

  @Test func `the work of a frozen worker is leased again`() throws {
    let run = try TestRun(evaluations: 40)
    let coordinator = RunningCoordinator(run.configuration())
    _ = try coordinator.started()
    let isHolding = Mutex(false)
    let frozen = RunningWorker(run, label: "frozen", giveUpTimeout: .seconds(2)) { _, control in
      isHolding.withLock { $0 = true }
      while !control.isCancelled { usleep(1_000) }
    }
    #expect(wait { isHolding.withLock { $0 } })
    frozen.freeze(true)
    let other = RunningWorker(run, label: "other")
    let outcome = try coordinator.outcome()
    #expect(outcome.ending == .completed)
    #expect(try other.outcome().exit == .finished)
    // Its work is leased again when its lease expires, or a second time at the end of the run.
    let counters = outcome.status.activity.counters
    #expect(counters.expiredLeases + counters.backupLeases >= 1)
    frozen.freeze(false)
    let exit = try frozen.outcome().exit
    #expect(exit != nil)
  }

  @Test func `a restarted coordinator repeats no journaled shard and its workers stay`() throws {
    let run = try TestRun(evaluations: 150, images: 12, shardSize: 6)
    let first = RunningCoordinator(run.configuration())
    let firstFile = try first.started()
    let gate = Gate(run, after: 120)
    let workers = (1...3).map { number in
      RunningWorker(run, label: "worker \(number)") { _, control in gate.pass(control) }
    }
    #expect(wait { (first.status?.progress.evaluationCount ?? 0) >= 40 })
    first.stop(.atOnce)
    #expect(try first.outcome().ending == .stopped)
    gate.open()
    let journaled = Set(try run.journaledShards())
    #expect(journaled.count >= 80)
    let computedBefore = run.computed.withLock { $0.count }

    let second = RunningCoordinator(run.configuration())
    let secondFile = try second.started()
    #expect(secondFile.term == firstFile.term + 1)
    let outcome = try second.outcome()
    #expect(outcome.ending == .completed)
    for worker in workers { #expect(try worker.outcome().exit == .finished) }
    let computedAfter = run.computed.withLock { $0[computedBefore...] }
    let repeated = computedAfter.filter(journaled.contains)
    #expect(repeated.isEmpty)
    // Of what was in flight, only what another worker was quicker to get was computed again.
    #expect(run.computed.withLock { $0.count } <= 300 + 2 * workers.count)
    #expect(try run.journaledShards().count == 300)
    #expect(try run.evaluatedCount() == 150)
  }

  @Test func `a stopped coordinator tells its workers to wait and can be resumed`() throws {
    let run = try TestRun(evaluations: 60)
    let first = RunningCoordinator(run.configuration())
    _ = try first.started()
    let gate = Gate(run, after: 20)
    let worker = RunningWorker(run, label: "worker") { _, control in gate.pass(control) }
    #expect(wait { (first.status?.progress.evaluationCount ?? 0) >= 10 })
    first.stop(.orderly)
    // What a worker computes is not waited for: it keeps the result.
    let outcome = try first.outcome()
    #expect(outcome.ending == .stopped)
    #expect(first.notifications.contains { $0.contains("1 worker waits until the run goes on") })
    #expect(wait { worker.notifications.contains { $0.contains("waiting until it is back") } })
    gate.open()
    #expect(!FileManager.default.fileExists(atPath: run.directory.connectionFilePath))
    let second = RunningCoordinator(run.configuration())
    #expect(try second.outcome().ending == .completed)
    #expect(try worker.outcome().exit == .finished)
    // An orderly end loses nothing: no shard was computed twice.
    #expect(run.computed.withLock { $0.count } == 60)
    #expect(try run.journaledShards().count == 60)
  }

  @Test func `a stop does not wait for a worker that has disappeared`() throws {
    let run = try TestRun(evaluations: 60)
    var configuration = run.configuration()
    configuration.settings.timing.leaseDuration = .seconds(40)
    configuration.settings.timing.sessionTimeout = .seconds(40)
    configuration.stopTimeout = .seconds(40)
    let coordinator = RunningCoordinator(configuration)
    _ = try coordinator.started()
    let isHolding = Mutex(false)
    let victim = RunningWorker(run, label: "victim") { _, control in
      isHolding.withLock { $0 = true }
      while !control.isCancelled { usleep(1_000) }
    }
    #expect(wait { isHolding.withLock { $0 } })
    victim.kill()
    _ = try victim.outcome()
    let start = ContinuousClock.now
    coordinator.stop(.orderly)
    #expect(try coordinator.outcome().ending == .stopped)
    #expect(ContinuousClock.now - start < .seconds(20))
  }

  @Test func `a worker that is asked to leave finishes what runs and is no failure`() throws {
    let run = try TestRun(evaluations: 60)
    let coordinator = RunningCoordinator(run.configuration())
    _ = try coordinator.started()
    let gate = Gate(run, after: 20)
    let leaving = RunningWorker(run, label: "leaving") { _, control in gate.pass(control) }
    #expect(wait { run.computed.withLock { $0.count } >= 5 })
    leaving.stop(.orderly)
    #expect(wait { leaving.notifications.contains { $0.contains("takes no new work") } })
    gate.open()
    let exit = try leaving.outcome()
    #expect(exit.exit == .drained)
    #expect(exit.isSuccess)
    let other = RunningWorker(run, label: "other")
    let outcome = try coordinator.outcome()
    #expect(try other.outcome().exit == .finished)
    #expect(outcome.status.activity.counters.lostWorkers == 0)
    #expect(run.computed.withLock { $0.count } == 60)
    let diagnostic = coordinator.notifications.filter { $0.contains("worker leaving left") }
    #expect(diagnostic.count == 1)
  }

  @Test func `a worker that finds nothing to do leaves after its patience, to no harm`() throws {
    let run = try TestRun(evaluations: 2)
    let coordinator = RunningCoordinator(run.configuration())
    _ = try coordinator.started()
    let gate = Gate(run, after: 0)
    let isHolding = Mutex(false)
    let busy = RunningWorker(run, label: "busy") { _, control in
      isHolding.withLock { $0 = true }
      gate.pass(control)
    }
    #expect(wait { isHolding.withLock { $0 } })
    #expect(wait { coordinator.status?.activity.leasedShardCount == 2 })
    let idle = RunningWorker(run, label: "idle", idleTimeout: .milliseconds(300))
    let exit = try idle.outcome()
    #expect(exit.isSuccess)
    #expect(
      exit.diagnostic.contains("there was nothing to do for 0.3 seconds"), "\(exit.diagnostic)")
    gate.open()
    let outcome = try coordinator.outcome()
    #expect(outcome.ending == .completed)
    #expect(try busy.outcome().exit == .finished)
    #expect(outcome.status.activity.counters.lostWorkers == 0)
    #expect(
      coordinator.notifications.contains {
        $0.contains("worker idle left: there was nothing to do")
      })
  }

  @Test func `a disk that is full for a while delays the run and loses nothing`() throws {
    let run = try TestRun(evaluations: 60)
    var configuration = run.configuration()
    let path = run.directory.journalPath
    configuration.journalOpened = { journal in
      journal.inject { (40..<80).contains($0) ? .diskFull(path: path) : nil }
    }
    let coordinator = RunningCoordinator(configuration)
    let worker = RunningWorker(run, label: "worker")
    let outcome = try coordinator.outcome()
    #expect(outcome.ending == .completed)
    #expect(try worker.outcome().exit == .finished)
    #expect(outcome.status.activity.counters.failedWrites >= 1)
    #expect(try run.evaluatedCount() == 60)
    #expect(coordinator.notifications.contains { $0.contains("no room left on the disk") })
    #expect(coordinator.notifications.contains { $0.contains("the run goes on") })
  }

  @Test func `a coordinator that cannot write ends all the same when it is asked to`() throws {
    let run = try TestRun(evaluations: 60)
    var configuration = run.configuration()
    configuration.stopTimeout = .seconds(1)
    let path = run.directory.journalPath
    configuration.journalOpened = { journal in
      journal.inject { $0 >= 40 ? .diskFull(path: path) : nil }
    }
    let coordinator = RunningCoordinator(configuration)
    let worker = RunningWorker(run, label: "worker", giveUpTimeout: .seconds(1))
    #expect(wait { coordinator.status?.activity.isStorageFailing ?? false })
    coordinator.stop(.orderly)
    let outcome = try coordinator.outcome()
    #expect(outcome.ending == .stopped)
    #expect(outcome.status.progress.evaluationCount < 60)
    _ = try worker.outcome()
    // What was acknowledged is there, and a coordinator with room goes on from it.
    let second = RunningCoordinator(run.configuration())
    let other = RunningWorker(run, label: "other")
    #expect(try second.outcome().ending == .completed)
    #expect(try other.outcome().exit == .finished)
    #expect(try run.evaluatedCount() == 60)
  }

  @Test func `a journal that another coordinator has taken over ends the run`() throws {
    let run = try TestRun(evaluations: 60)
    var configuration = run.configuration()
    let path = run.directory.journalPath
    configuration.journalOpened = { journal in
      journal.inject { $0 > 40 ? .superseded(path: path) : nil }
    }
    let coordinator = RunningCoordinator(configuration)
    let worker = RunningWorker(run, label: "worker", giveUpTimeout: .seconds(1))
    #expect(
      throws: CoordinatorServiceError.storage(.superseded(path: run.directory.journalPath))
    ) { try coordinator.outcome() }
    guard case .coordinatorSilent = try worker.outcome().exit else {
      Issue.record("the worker should give up")
      return
    }
  }

  @Test func `counters name each computed shard`() throws {
    let run = try TestRun(evaluations: 20)
    let folder = try TemporaryFolder()
    let path = folder.file("counters")
    let coordinator = RunningCoordinator(run.configuration())
    let worker = RunningWorker(run, label: "worker", counterPath: path)
    _ = try coordinator.outcome()
    _ = try worker.outcome()
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    let shards = lines.map { $0.split(separator: " ").prefix(2).joined(separator: "/") }
    #expect(Set(shards) == Set((0..<20).map { "\($0)/0" }))
    #expect(lines.count == 20)
  }
}
