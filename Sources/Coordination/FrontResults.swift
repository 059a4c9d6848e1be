import EvolutionarySearch
import SparsityCore
import WireProtocol

/// The results of the individuals on the front, shard by shard, to compare repeated ones with.
struct FrontResults: Sendable {
  private var shards: [CandidateID: [StoredShard]] = [:]
  /// What evaluations are compared with that may end early.
  private var members: [CandidateID: EarlyStopping.Member] = [:]
  /// The candidates of which a shard was measured again with another key.
  private var confirmed: Set<CandidateID> = []

  /// Creates an empty collection.
  init() {}

  /// Restores what a snapshot holds.
  init(_ shards: [StoredShard], confirmed: [CandidateID], of front: [Individual]) {
    self.shards = Dictionary(grouping: shards, by: \.shard.candidate)
    self.confirmed = Set(confirmed)
    for individual in front {
      members[individual.id] = EarlyStopping.Member(
        objectives: individual.objectives,
        results: self[individual.id].sorted { $0.shard < $1.shard }.map(\.result))
    }
  }

  /// The individuals of a front with all that was measured of them.
  ///
  /// - Complexity: O(*f*) for *f* individuals.
  func members(of front: [Individual]) -> [EarlyStopping.Member] {
    front.compactMap { members[$0.id] }
  }

  /// The results of a candidate, if it is on the front.
  subscript(candidate: CandidateID) -> [StoredShard] { shards[candidate] ?? [] }

  /// Whether a shard of a candidate was measured again with another key.
  func isConfirmed(_ candidate: CandidateID) -> Bool { confirmed.contains(candidate) }

  /// Takes note that a shard of a candidate was measured again.
  mutating func confirm(_ candidate: CandidateID) { confirmed.insert(candidate) }

  /// Adds a candidate that has come onto the front.
  ///
  /// - Complexity: O(*f*) for a front of *f* individuals, now and then.
  mutating func add(_ open: OpenCandidate, front: [Individual]) {
    let id = open.candidate.id
    shards[id] = open.storedShards
    if let individual = front.first(where: { $0.id == id }) {
      members[id] = EarlyStopping.Member(
        objectives: individual.objectives, results: open.results.compactMap(\.self))
    }
    guard shards.count > 2 * front.count + 16 else { return }
    let kept = Set(front.map(\.id))
    shards = shards.filter { kept.contains($0.key) }
    members = members.filter { kept.contains($0.key) }
  }

  /// What a snapshot holds: the results of a front, in its order, and which of its individuals and
  /// of the candidates that may yet come onto it are confirmed.
  func stored(
    of front: [Individual], waiting: [CandidateID]
  ) -> (shards: [StoredShard], confirmed: [CandidateID]) {
    let candidates = Set(front.map(\.id) + waiting)
    return (front.flatMap { self[$0.id] }, confirmed.intersection(candidates).sorted())
  }
}

extension OpenCandidate {
  /// The durable results.
  fileprivate var storedShards: [StoredShard] {
    shards.enumerated().compactMap { slice, state in
      StoredShard(ShardID(candidate: candidate.id, slice: slice), state)
    }
  }
}

extension StoredShard {
  /// What the slice has given.
  var result: SliceResult { SliceResult(measurement) }

  /// Takes down a durable result; `nil` for what is none.
  init?(_ shard: ShardID, _ state: ShardState) {
    guard case .done(let done) = state else { return nil }
    self.init(
      shard: shard, measurement: done.measurement, measuredCosts: done.measuredCosts,
      keyName: done.keyName)
  }
}
