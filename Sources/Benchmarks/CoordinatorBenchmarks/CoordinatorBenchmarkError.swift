/// Why the coordinator's speed could not be measured.
package enum CoordinatorBenchmarkError: Error, Equatable, Sendable {
  case tooFewDescriptors(workers: Int, limit: Int)
  case workerFailed(diagnostic: String)
  case loadEnded(evaluations: Int, of: Int)
  case tooFewEvaluations(evaluations: Int, workers: Int)
  case noMemoryFigure
  case uselessSnapshot(diagnostic: String)
  case commandFailed(arguments: [String], status: Int32)
}

extension CoordinatorBenchmarkError: CustomStringConvertible {
  /// The diagnostic.
  package var description: String {
    switch self {
    case .tooFewDescriptors(let workers, let limit):
      "\(workers) workers need more than the \(limit) files that a process may open here; "
        + "use more --processes, or raise the limit with ulimit -n"
    case .workerFailed(let diagnostic): "a worker of the load has ended early: \(diagnostic)"
    case .loadEnded(let evaluations, let total):
      "the load has ended after \(evaluations) of \(total) evaluations; see the lines above"
    case .tooFewEvaluations(let evaluations, let workers):
      "less than half of the \(evaluations) evaluations were left when all \(workers) workers had "
        + "joined; ask for more --evaluations"
    case .noMemoryFigure: "/proc/self/statm does not say how much memory is in use"
    case .commandFailed(let arguments, let status):
      "elsa \(arguments.joined(separator: " ")) has failed with \(status); see the lines above"
    case .uselessSnapshot(let diagnostic):
      "a restart from the snapshot cannot be measured: \(diagnostic)"
    }
  }
}
