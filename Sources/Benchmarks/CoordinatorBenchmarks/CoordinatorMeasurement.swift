/// What a benchmark of the coordinator has found.
public struct CoordinatorMeasurement: Hashable, Sendable {
  /// The evaluations a second from the moment at which all workers had joined to the end.
  public let evaluationsPerSecond: Double
  /// The workers.
  public let workerCount: Int
  /// The evaluations of the whole run.
  public let evaluationCount: Int
  /// Whether connections were encrypted.
  public let isEncrypted: Bool
  /// The time from the start of the load to the moment at which all workers had joined.
  public let registrationSeconds: Double
  /// The share of the workers' time since then that evaluations took, by the workers' own clocks.
  public let utilisation: Double
  /// The memory of the coordinator's process at the end.
  public let coordinatorMemoryBytes: Int
  /// The size of the journal at the end.
  public let journalBytes: Int
  /// The batches in which records became durable.
  public let commitCount: Int
}
