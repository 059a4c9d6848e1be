import Coordination
import SparsityCore
import WireProtocol

/// The durable records of a simulated run, with indices that the checks use.
struct SimulatedJournal: Sendable {
  /// The records in order.
  private(set) var records: [JournalRecord] = []
  /// The bytes of the last snapshot.
  private(set) var snapshot: [UInt8]?
  /// The genomes of the durable proposals.
  private(set) var proposed: [CandidateID: Genome] = [:]
  /// The keys of the durable results.
  private(set) var shards: [ShardKey: ShardMeasurement] = [:]
  /// The keys of all results that have ever become durable.
  private(set) var everDurable: Set<ShardKey> = []
  /// The shards of the durable results.
  private(set) var shardIDs: Set<ShardID> = []
  /// The durable evaluations.
  private(set) var evaluated: [CandidateID: EvaluatedCandidate] = [:]
  /// The durable quarantines.
  private(set) var quarantined: Set<CandidateID> = []
  /// The names of the workers that have durable results.
  private(set) var workers: Set<String> = []
  /// The results that count, by shard.
  private var completions: [ShardID: ShardCompletion] = [:]
  /// The candidates of which a shard was measured again with another key.
  private(set) var confirmed: Set<CandidateID> = []
  /// Which results count no more.
  private(set) var discards = DiscardedResults()
  /// The arithmetic that the last start has named.
  private(set) var numerics: Numerics?
  /// The last term that has begun.
  private(set) var term = Term.none

  /// Makes a batch durable; returns what was wrong with it.
  mutating func write(_ batch: JournalBatch) -> [String] {
    var problems: [String] = []
    if batch.firstSequence > records.count {
      problems.append("batch \(batch.firstSequence) leaves a gap after \(records.count) records")
    }
    if batch.term < term { problems.append("a coordinator of term \(batch.term) writes") }
    for (offset, record) in batch.records.enumerated() {
      let sequence = batch.firstSequence + offset
      if sequence < records.count {
        if records[sequence] != record { problems.append("record \(sequence) was rewritten") }
        continue
      }
      records.append(record)
      problems += index(record)
    }
    return problems
  }

  /// Puts a snapshot in the place of the last one; returns what was wrong with it.
  mutating func write(_ snapshot: CoordinatorSnapshot) -> [String] {
    self.snapshot = snapshot.encoded()
    return snapshot.recordCount <= records.count
      ? []
      : ["a snapshot of \(snapshot.recordCount) records is written after \(records.count)"]
  }

  /// The keys that have measured a candidate.
  func keyNames(of candidate: CandidateID) -> Set<String> {
    Set(completions.values.filter { $0.shard.candidate == candidate }.map(\.keyName))
  }

  /// The evaluated candidates of which a worker has evaluated a part.
  func touched(by label: String) -> Set<CandidateID> {
    let shards = completions.values.filter { $0.worker == label }
    return Set(shards.map(\.shard.candidate).filter { evaluated[$0] != nil })
  }

  private mutating func index(_ record: JournalRecord) -> [String] {
    switch record {
    case .opened(let opening):
      defer {
        term = opening.term
        numerics = opening.description.numerics
      }
      if let numerics, numerics != opening.description.numerics {
        return ["term \(opening.term) computes in another arithmetic than those before"]
      }
      return opening.term == term.next ? [] : ["term \(opening.term) follows \(term)"]
    case .joined: return []
    case .proposed(let candidate, let genome):
      let isRepeated = proposed.values.contains(genome)
      proposed[candidate] = genome
      return isRepeated ? ["\(candidate) has a genome that was proposed before"] : []
    case .shardCompleted(let completion):
      workers.insert(completion.worker)
      everDurable.insert(completion.key)
      completions[completion.shard] = completion
      let isNew = shards.updateValue(completion.measurement, forKey: completion.key) == nil
      return isNew && shardIDs.insert(completion.shard).inserted
        ? [] : ["\(completion.shard) has a second durable result"]
    case .evaluated(let evaluation):
      let isNew = evaluated.updateValue(evaluation.withoutKeys, forKey: evaluation.candidate) == nil
      return isNew ? [] : ["\(evaluation.candidate) is evaluated twice"]
    case .confirmed(let shard, let keyName):
      confirmed.insert(shard.candidate)
      if completions[shard]?.keyName == keyName {
        return ["\(shard) is confirmed by the key that has measured it"]
      }
      return shardIDs.contains(shard) ? [] : ["\(shard) is confirmed before it is durable"]
    case .discarded(let key):
      discard(key)
      return []
    case .quarantined(let candidate, _):
      return quarantined.insert(candidate).inserted ? [] : ["\(candidate) is quarantined twice"]
    }
  }

  /// The records of the search that counts.
  var countingRecords: ArraySlice<JournalRecord> { records[discards.searchStart...] }

  /// Forgets what counts no more.
  private mutating func discard(_ key: DiscardedKey) {
    discards.add(key, at: records.count - 1)
    if key.restartsSearch {
      (proposed, shards, shardIDs, evaluated, quarantined) = ([:], [:], [], [:], [])
      (completions, confirmed) = ([:], [])
      return
    }
    for (shard, completion) in completions where completion.keyName == key.keyName {
      completions[shard] = nil
      shards[completion.key] = nil
      shardIDs.remove(shard)
      evaluated[shard.candidate] = nil
    }
  }
}
