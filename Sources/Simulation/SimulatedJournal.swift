import Coordination
import SparsityCore
import WireProtocol

/// The durable records of a simulated run, with indices that the checks use.
struct SimulatedJournal: Sendable {
  /// The records in order.
  private(set) var records: [JournalRecord] = []
  /// The bytes of the last snapshot.
  private(set) var snapshot: [UInt8]?
  /// The genomes of the durable births.
  private(set) var born: [CandidateID: Genome] = [:]
  /// The keys of the durable results.
  private(set) var shards: [ShardKey: ShardMeasurement] = [:]
  /// The shards of the durable results.
  private(set) var shardIDs: Set<ShardID> = []
  /// The durable evaluations.
  private(set) var evaluated: [CandidateID: EvaluatedCandidate] = [:]
  /// The durable quarantines.
  private(set) var quarantined: Set<CandidateID> = []
  /// The names of the workers that have durable results.
  private(set) var workers: Set<String> = []
  /// The workers whose results each candidate has.
  private(set) var labels: [CandidateID: Set<String>] = [:]
  /// The arithmetic that the last start has named.
  private(set) var numerics: Numerics?
  /// The last epoch that has begun.
  private(set) var epoch = Epoch.none

  /// Makes a batch durable; returns what was wrong with it.
  mutating func write(_ batch: JournalBatch) -> [String] {
    var problems: [String] = []
    if batch.firstSequence > records.count {
      problems.append("batch \(batch.firstSequence) leaves a gap after \(records.count) records")
    }
    if batch.epoch < epoch { problems.append("a coordinator of epoch \(batch.epoch) writes") }
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

  /// The evaluated candidates of which a worker has evaluated a part.
  func touched(by label: String) -> Set<CandidateID> {
    Set(labels.filter { $0.value.contains(label) && evaluated[$0.key] != nil }.keys)
  }

  private mutating func index(_ record: JournalRecord) -> [String] {
    switch record {
    case .opened(let opening):
      defer {
        epoch = opening.epoch
        numerics = opening.description.numerics
      }
      if let numerics, numerics != opening.description.numerics {
        return ["epoch \(opening.epoch) computes in another arithmetic than those before"]
      }
      return opening.epoch == epoch.next ? [] : ["epoch \(opening.epoch) follows \(epoch)"]
    case .joined: return []
    case .born(let candidate, let genome):
      let isRepeated = born.values.contains(genome)
      born[candidate] = genome
      return isRepeated ? ["\(candidate) has a genome that was born before"] : []
    case .shardCompleted(let completion):
      workers.insert(completion.worker)
      labels[completion.shard.candidate, default: []].insert(completion.worker)
      let isNew = shards.updateValue(completion.measurement, forKey: completion.key) == nil
      return isNew && shardIDs.insert(completion.shard).inserted
        ? [] : ["\(completion.shard) has a second durable result"]
    case .evaluated(let evaluation):
      let isNew = evaluated.updateValue(evaluation, forKey: evaluation.candidate) == nil
      return isNew ? [] : ["\(evaluation.candidate) is evaluated twice"]
    case .quarantined(let candidate, _):
      return quarantined.insert(candidate).inserted ? [] : ["\(candidate) is given up twice"]
    }
  }
}
