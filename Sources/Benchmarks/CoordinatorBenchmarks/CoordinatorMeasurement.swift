/// What a benchmark of the coordinator has found.
package struct CoordinatorMeasurement: Hashable, Sendable {
  /// The evaluations a second from the moment at which all workers had joined to the end.
  package let evaluationsPerSecond: Double
  /// The workers.
  package let workerCount: Int
  /// The evaluations of the whole run.
  package let evaluationCount: Int
  /// Whether connections were encrypted.
  package let isEncrypted: Bool
  /// The time from the start of the load to the moment at which all workers had joined.
  package let registrationSeconds: Double
  /// The share of the workers' time since then that evaluations took, by the workers' own clocks.
  package let utilisation: Double
  /// The memory of the coordinator's process at the end.
  package let coordinatorMemoryBytes: Int
  /// The size of the journal at the end.
  package let journalBytes: Int
  /// The batches in which records became durable.
  package let commitCount: Int
}
