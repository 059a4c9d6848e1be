import SparsityCore
import WireProtocol

/// Results from before the search has begun anew, for the same genomes when they come again.
struct KnownResults: Sendable {
  /// The results that are kept; of more, the rest is measured again.
  static let countMax = 1_000_000

  private var completions: [ShardKey: ShardCompletion] = [:]
  /// The number of candidates after which the rest is not worth keeping: as many as there were.
  private var proposalCountMax = 0

  /// Creates an empty collection.
  init() {}

  /// Whether nothing is known.
  var isEmpty: Bool { completions.isEmpty }

  /// Adds a result.
  mutating func add(_ completion: ShardCompletion) {
    proposalCountMax = max(proposalCountMax, completion.shard.candidate.rawValue + 1)
    guard completions.count < Self.countMax else { return }
    completions[completion.key] = completion
  }

  /// Takes the result that a shard has by its key out of the collection, if it is known.
  mutating func take(_ key: ShardKey, for shard: ShardID) -> ShardCompletion? {
    guard !completions.isEmpty, var found = completions.removeValue(forKey: key) else { return nil }
    found.shard = shard
    return found
  }

  /// Forgets everything when the search has come as far as it was.
  mutating func prune(proposalCount: Int) {
    if proposalCount > proposalCountMax { completions = [:] }
  }
}
