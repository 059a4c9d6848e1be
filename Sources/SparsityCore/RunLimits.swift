/// The sizes that a run may have, in one place for command line, run file, wire and library.
///
/// Whoever reads a number of a run takes its bounds from here, so that what one part accepts no
/// other part refuses.
public enum RunLimits {
  /// The individuals that survive.
  public static let populationRange = 2...10_000
  /// The candidates that a search may ask for.
  public static let evaluationRange = 1...10_000_000
  /// The candidates between proposal and telling of a strict run.
  ///
  /// With fewer than four candidates a worker that fails at everything cannot be told from
  /// candidates that fail everywhere.
  public static let windowRange = 4...10_000
  /// The objectives of a run.
  public static let objectiveRange = 1...8
  /// The choices of a decision.
  public static let choiceRange = 1...256
  /// The genes of a genome.
  public static let geneRange = 1...8192
  /// The images of a batch on the accelerator.
  public static let acceleratorBatchRange = 1...1_000_000
  /// The images of a search set.
  public static let imageRange = 1...(1 << 31)
  /// The images of a shard.
  public static let shardImageRange = 1...(1 << 20)
  /// The evaluations that a worker may run at once.
  public static let slotRange = 1...256
  /// The threads of a process that computes.
  public static let threadRange = 1...1024
  /// The worker processes that one command starts.
  public static let localWorkerRange = 1...1024
  /// The bytes of a worker's name.
  public static let labelSizeRange = 1...64
  /// The keys of workers that one command may make; a run reads one more, that of its own.
  public static let workerKeyRange = 1...9_999
  /// The seconds of silence after which a worker gives up.
  public static let giveUpSecondRange = 10...1_000_000
  /// The seconds without work after which a worker leaves.
  public static let idleSecondRange = 1...1_000_000
}
