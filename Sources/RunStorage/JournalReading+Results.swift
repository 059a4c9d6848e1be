import Foundation
import GRDB
import SparsityCore
import WireProtocol

extension JournalReading {
  /// Returns the results that have one of some keys, each with the place of its record, in order.
  ///
  /// - Parameter candidates: only what was measured for them, each from its proposal to its
  ///   evaluation; `nil` for all.
  func results(
    of keys: Set<ShardKey>, about candidates: Set<CandidateID>?
  ) throws -> [(sequence: Int, completion: ShardCompletion)] {
    guard let candidates else { return try results(of: keys, in: 0..<WireLimits.recordCountMax) }
    let sql = """
      SELECT min(sequence), max(sequence) FROM records
      WHERE candidate = ? AND kind <> 'shard' AND kind IN ('proposed', 'evaluated')
      """
    let statement = try database.cachedStatement(sql: sql)
    var found: [(sequence: Int, completion: ShardCompletion)] = []
    for candidate in candidates.sorted() {
      let row = try Row.fetchOne(statement, arguments: [candidate.rawValue])
      guard let first = row?.column(0, as: Int.self), let last = row?.column(1, as: Int.self),
        first >= 0, first < last
      else { continue }
      found += try results(of: keys, in: first..<last)
        .filter { $0.completion.shard.candidate == candidate }
    }
    return found.sorted { $0.sequence < $1.sequence }
  }

  /// Returns the results among the records of some places that have one of some keys, in order.
  private func results(
    of keys: Set<ShardKey>, in places: Range<Int>
  ) throws -> [(sequence: Int, completion: ShardCompletion)] {
    let wanted = Set(keys.map { Data($0.hash.bytes) })
    let sql = """
      SELECT sequence, content, digest, shard_key FROM records
      WHERE sequence >= ? AND sequence < ? AND kind = 'shard' ORDER BY sequence
      """
    let statement = try database.cachedStatement(sql: sql)
    let rows = try Row.fetchCursor(statement, arguments: [places.lowerBound, places.upperBound])
    var results: [(sequence: Int, completion: ShardCompletion)] = []
    while let row = try rows.next() {
      guard let key = row.column(3, as: Data.self), wanted.contains(key) else { continue }
      guard case .shardCompleted(let completion) = try record(in: row),
        let sequence = row.column(0, as: Int.self), keys.contains(completion.key)
      else {
        throw RunStorageError.corrupt(
          path: path, diagnostic: "a record is of another kind than it says")
      }
      results.append((sequence, completion))
    }
    return results
  }

  /// Returns which of the first `countMax` candidates has a genome, or `nil` if none has.
  ///
  /// - Complexity: O(`countMax` · log *n*) for *n* records.
  func candidate(with genome: Genome, amongFirst countMax: Int) throws -> CandidateID? {
    let sql = """
      SELECT sequence, content, digest FROM records
      WHERE candidate < ? AND kind <> 'shard' AND kind = 'proposed' ORDER BY candidate
      """
    let rows = try Row.fetchCursor(database, sql: sql, arguments: [countMax])
    while let row = try rows.next() {
      if case .proposed(let candidate, genome) = try record(in: row) { return candidate }
    }
    return nil
  }
}
