import ArgumentParser
import ExternalEvaluation
import SparsityCore

/// How a program from outside is started that measures accuracy instead of Elsa's own inference.
struct EvaluatorOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Measure accuracy with this program, which the run file must name (evaluator: {name: …, "
        + "version: …}). The shell starts it; the guide has the lines that it reads and writes.",
      valueName: "command"))
  var evaluator: String?

  @Option(
    help: ArgumentHelp(
      "The time in which the program must be ready, "
        + "\(OptionRange.text(RunLimits.evaluatorSecondRange)) (default: "
        + "\(EvaluatorConversation.Limits().readyTimeout.components.seconds)).",
      valueName: "seconds"))
  var evaluatorReadyTimeout: Int?

  @Option(
    help: ArgumentHelp(
      "The time that the program has for an image of all that it was asked for, "
        + "\(OptionRange.text(RunLimits.evaluatorSecondRange)) (default: "
        + "\(EvaluatorConversation.Limits().imageTimeout.components.seconds)).",
      valueName: "seconds"))
  var evaluatorImageTimeout: Int?

  func validate() throws {
    for (name, value) in timeouts {
      if value != nil, evaluator == nil {
        throw ValidationError("\(name) belongs to --evaluator, which is missing.")
      }
      try OptionRange.check("\(name) (seconds)", value, in: RunLimits.evaluatorSecondRange)
    }
    if let evaluator, evaluator.allSatisfy(\.isWhitespace) {
      throw ValidationError("--evaluator is empty; write the command that starts the program.")
    }
  }

  /// What is expected of the program.
  var limits: EvaluatorConversation.Limits {
    var limits = EvaluatorConversation.Limits()
    if let evaluatorReadyTimeout { limits.readyTimeout = .seconds(evaluatorReadyTimeout) }
    if let evaluatorImageTimeout { limits.imageTimeout = .seconds(evaluatorImageTimeout) }
    return limits
  }

  /// The arguments by which a worker that is started here knows the same.
  var arguments: [String] {
    (evaluator.map { ["--evaluator", $0] } ?? [])
      + timeouts.flatMap { name, value in value.map { [name, "\($0)"] } ?? [] }
  }

  private var timeouts: [(name: String, value: Int?)] {
    [
      ("--evaluator-ready-timeout", evaluatorReadyTimeout),
      ("--evaluator-image-timeout", evaluatorImageTimeout),
    ]
  }
}
