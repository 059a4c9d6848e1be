/// The sizes that a run may have, in one place for command line, run file, wire and library.
///
/// Anyone who reads a number of a run takes its bounds from here, so that what one part accepts no
/// other part refuses.
package enum RunLimits {
  /// The individuals that survive.
  package static let populationRange = 2...10_000
  /// The candidates that a search may ask for.
  package static let evaluationRange = 1...10_000_000
  /// The candidates between proposal and telling of a strict run.
  ///
  /// With fewer than four candidates a worker that fails at everything cannot be told from
  /// candidates that fail everywhere.
  package static let windowRange = 4...10_000
  package static let objectiveRange = 1...8
  /// The choices of a decision.
  package static let choiceRange = 1...256
  /// The genes of a genome.
  package static let geneRange = 1...8192
  /// The accelerators of a run.
  package static let acceleratorRange = 1...4
  /// The images of a batch on the accelerator.
  package static let acceleratorBatchRange = 1...1_000_000
  /// The images of a search set.
  package static let imageRange = 1...(1 << 31)
  /// The images of a shard.
  package static let shardImageRange = 1...(1 << 20)
  /// How often a cost may be measured before the median counts.
  package static let repetitionRange = 1...1_000
  /// The evaluations that a worker may run at once.
  package static let slotRange = 1...256
  /// The threads of a process that computes.
  package static let threadRange = 1...1024
  /// The worker processes that one command starts.
  package static let localWorkerRange = 1...1024
  /// The bytes of a worker's name.
  package static let labelSizeRange = 1...64
  /// The keys of workers that one command may make; a run reads one more, that of its own.
  package static let workerKeyRange = 1...9_999
  /// The seconds of silence after which a worker gives up.
  package static let giveUpSecondRange = 10...1_000_000
  /// The seconds that a program from outside has for one thing.
  package static let evaluatorSecondRange = 1...1_000_000
  /// The seconds without work after which a worker leaves.
  package static let idleSecondRange = 1...1_000_000
}
