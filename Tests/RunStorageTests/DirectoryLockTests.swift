import Foundation
import RunStorage
import Testing
import TestSupport

@Suite struct DirectoryLockTests {
  let run = TemporaryRun()

  @Test func `a journal opened with the lock keeps it, and others are refused meanwhile`() throws {
    let lock = try DirectoryLock(of: run.directory)
    #expect(throws: RunStorageError.self) { try DirectoryLock(of: run.directory) }
    let journal = try Journal(in: run.directory, lock: lock)
    let error = #expect(throws: RunStorageError.self) { try Journal(in: run.directory) }
    guard case .inUse(run.directory.path, let holder) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(holder.contains("process \(getpid())"))
    try journal.close()
    _ = try DirectoryLock(of: run.directory)
  }

  @Test func `a journal knows whether it is still the one that its directory holds`() throws {
    let journal = try Journal(in: run.directory)
    #expect(journal.isInPlace)
    try FileManager.default.removeItem(atPath: run.directory.path)
    #expect(!journal.isInPlace)
    let other = try Journal(in: run.directory)
    #expect(other.isInPlace)
    #expect(!journal.isInPlace)
  }
}
