import SparsityCore
import WireProtocol
import WorkerService

extension EvaluatorFactory {
  /// Returns the factory of a program from outside, whose name and version it says itself.
  ///
  /// - Parameters:
  ///   - command: what the shell is given to start it.
  ///   - inputs: where models, images and banks are looked for.
  ///   - limits: what is expected of the program.
  ///   - log: is told what users should know.
  package static func program(
    _ command: String, inputs: InputSettings, limits: EvaluatorConversation.Limits,
    log: @escaping @Sendable (String) -> Void
  ) -> EvaluatorFactory {
    EvaluatorFactory(offer: BackendOffer(backend: .fromOutside, values: [:])) {
      description, channel in
      let fetcher = InputFetcher(channel: channel, settings: inputs)
      let files = try fetcher.files(of: description) ?? InputFiles(sharedBy: description)
      return try ProgramShardEvaluator(
        command: command, description: description, files: files, limits: limits, log: log)
    }
  }
}
