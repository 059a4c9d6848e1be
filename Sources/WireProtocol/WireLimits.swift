import SparsityCore

/// The sizes beyond which nothing is sent and nothing is accepted.
package enum WireLimits {
  /// The bytes of a frame, header included.
  package static let frameSizeMax = 1 << 20
  /// The bytes of a text; longer ones are cut before they are sent.
  package static let textSizeMax = 4096
  /// The bytes of a worker's name and of a program's version; they stand in every log line.
  package static let labelSizeMax = RunLimits.labelSizeRange.upperBound
  /// The genes of a genome.
  package static let geneCountMax = RunLimits.geneRange.upperBound
  /// The images of a search set.
  package static let imageCountMax = RunLimits.imageRange.upperBound
  /// The images of a shard.
  package static let shardSizeMax = RunLimits.shardImageRange.upperBound
  /// The shards that a worker may hold.
  package static let heldCountMax = 1024
  /// The evaluations that a worker may run at once.
  package static let slotCountMax = RunLimits.slotRange.upperBound
  /// The integers of a cost and the objectives of a run.
  package static let vectorCountMax = 64
  /// The backends that a worker offers.
  package static let offerCountMax = 16
  /// The further parameters of a run.
  package static let parameterCountMax = 256
  /// The time that a worker may announce to have left, in milliseconds: ten years.
  package static let remainingMillisecondsMax = 315_360_000_000
  /// The proposals of a run.
  package static let candidateCountMax = 1 << 40
  /// The bytes of a chunk of an input; only the last chunk of a file may be shorter.
  ///
  /// A chunk has to arrive within the time after which ZeroMQ takes a silent connection for dead.
  package static let chunkSize = 64 << 10
  /// The chunks that a worker may wait for at once.
  package static let fetchCountMax = 64
  /// The files of a run's inventory.
  package static let inventoryCountMax = 16
  /// The bytes of an input.
  package static let inputSizeMax = 1 << 44
  /// The records of a journal.
  package static let recordCountMax = 1 << 48
  /// The proposals that a snapshot of a run may hold.
  package static let snapshotProposalCountMax = RunLimits.evaluationRange.upperBound
  /// The results of unfinished candidates that a snapshot may hold.
  package static let snapshotShardCountMax = 1 << 26
  /// The paces that a snapshot may hold.
  package static let paceSampleCountMax = 4096
}
