import CoordinatorService
import Foundation
import RunStorage
import Testing
import TestSupport

/// The connection file of a running coordinator, and who may remove it.
@Suite(.serialized, .timeLimit(.minutes(20))) struct ConnectionFileTests {
  @Test func `a connection file that is gone is written again, and goes with its coordinator`()
    throws
  {
    let run = try TestRun(evaluations: 30)
    let coordinator = RunningCoordinator(run.configuration())
    let file = try coordinator.started()
    let path = run.directory.connectionFilePath
    try FileManager.default.removeItem(atPath: path)
    #expect(wait { ConnectionFile.exists(at: path) })
    #expect(try ConnectionFile(path: path) == file)
    coordinator.stop(.atOnce)
    _ = try coordinator.outcome()
    #expect(!ConnectionFile.exists(at: path))
  }

  @Test func `a coordinator that ends leaves the file of the one that took over`() throws {
    let run = try TestRun(evaluations: 30)
    let coordinator = RunningCoordinator(run.configuration())
    let file = try coordinator.started()
    var other = file
    other.term += 1
    other.processID += 1
    try other.write(to: run.directory.connectionFilePath)
    coordinator.stop(.atOnce)
    _ = try coordinator.outcome()
    #expect(try ConnectionFile(path: run.directory.connectionFilePath) == other)
  }

  @Test func `a coordinator whose directory was made anew ends and leaves the new one alone`()
    throws
  {
    let run = try TestRun(evaluations: 30)
    let first = RunningCoordinator(run.configuration())
    _ = try first.started()
    try FileManager.default.removeItem(atPath: run.directory.path)
    let second = RunningCoordinator(run.configuration())
    let file = try second.started()
    let path = run.directory.journalPath
    #expect(throws: CoordinatorServiceError.storage(.replaced(path: path))) {
      try first.outcome()
    }
    #expect(try ConnectionFile(path: run.directory.connectionFilePath) == file)
    second.stop(.atOnce)
    _ = try second.outcome()
  }
}
