import Foundation
import GRDB
import SparsityCore
import WireProtocol

/// A journal open for reading only, also while a coordinator writes it.
package final class JournalReader: Sendable {
  /// The journal's file.
  package let path: String

  private let queue: DatabaseQueue

  /// Opens the journal of a run directory.
  ///
  /// - Throws: ``RunStorageError``: no journal there, damaged, foreign or newer file.
  package init(of directory: RunDirectory) throws(RunStorageError) {
    let path = directory.journalPath
    guard FileManager.default.fileExists(atPath: path) else {
      throw .cannotOpen(path: path, reason: "no run has been started in this folder")
    }
    do {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(5)
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      try queue.read { database in try JournalFormat.check(database, path: path) }
      self.queue = queue
    } catch {
      throw RunStorageError(error, operation: "open", path: path)
    }
    self.path = path
  }

  /// Reads the records from the place `sequence` on (zero: all), at most `countMax`, in order.
  ///
  /// Of a long journal take portions: ``JournalRecords``.
  package func records(
    from sequence: Int = 0, countMax: Int = .max
  ) throws(RunStorageError) -> [JournalRecord] {
    precondition(sequence >= 0)
    precondition(countMax > 0)
    return try look { try $0.records(from: sequence, countMax: countMax) }
  }

  /// Reads what the journal has about some candidates besides their results, in order of proposal:
  /// proposals, evaluations, quarantines.
  ///
  /// - Complexity: O(*c* log *n*) for *c* candidates and *n* records, but O(*n*) in the journal of
  ///   an older program that was not gone on with.
  package func records(
    about candidates: Set<CandidateID>
  ) throws(RunStorageError) -> [JournalRecord] {
    try look { try $0.records(about: candidates) }
  }

  /// Reads the results that have one of some keys, with the places of their records, in order.
  ///
  /// - Parameter candidates: only what was measured for them, each from its proposal to its
  ///   evaluation; `nil` for all.
  /// - Complexity: O(*n*) for *n* records; of candidates only those from proposal to evaluation.
  package func results(
    of keys: Set<ShardKey>, about candidates: Set<CandidateID>? = nil
  ) throws(RunStorageError) -> [(sequence: Int, completion: ShardCompletion)] {
    try look { try $0.results(of: keys, about: candidates) }
  }

  /// Returns which of the first `countMax` candidates has a genome, or `nil` if none has.
  package func candidate(
    with genome: Genome, amongFirst countMax: Int
  ) throws(RunStorageError) -> CandidateID? {
    try look { try $0.candidate(with: genome, amongFirst: countMax) }
  }

  /// Reads which keys' results count no more, with the places of their records, in order.
  package func discards() throws(RunStorageError) -> [(sequence: Int, key: DiscardedKey)] {
    try look { try $0.discards() }
  }

  /// Whether a key with a name has delivered some result.
  ///
  /// - Complexity: O(*n*) for *n* records.
  package func holdsResults(ofKey name: String) throws(RunStorageError) -> Bool {
    try look { try $0.holdsResults(ofKey: name) }
  }

  /// Reads the snapshot, or returns `nil` if there is none.
  ///
  /// - Throws: ``RunStorageError``, above all
  ///   ``RunStorageError/damagedSnapshot(path:diagnostic:)``; the records are of use all the same.
  package func snapshot() throws(RunStorageError) -> JournalSnapshot? {
    try look { try $0.snapshot() }
  }

  private func look<Found>(
    _ body: (JournalReading) throws -> Found
  ) throws(RunStorageError) -> Found {
    do {
      return try queue.read { database in try body(JournalReading(database, path: path)) }
    } catch {
      throw RunStorageError(error, operation: "read", path: path)
    }
  }

  /// Makes a ``checkIntegrity()`` that is under way on another thread end with an error.
  ///
  /// - Precondition: no records are being read.
  package func interruptCheck() { queue.interrupt() }

  /// Looks for damage in the structure of the whole file.
  package func checkIntegrity() throws(RunStorageError) {
    do {
      // One statement needs no transaction, whose end must not be interrupted.
      try queue.unsafeRead { database in
        try JournalFormat.checkIntegrity(database, path: path)
      }
    } catch {
      throw RunStorageError(error, operation: "check", path: path)
    }
  }
}
