import ArgumentParser
import CoordinatorService
import WireProtocol

/// Lets workers finish and leave.
struct DrainCommand: ParsableCommand, HoldsSecrets {
  static let configuration = CommandConfiguration(
    commandName: "drain",
    abstract: "Lets the workers of a run finish what they hold and leave.",
    discussion: """
      Without --worker all workers leave (they end with 10) and the coordinator ends (with 11); go \
      on later with --resume. With \
      --worker only that one leaves, for instance before its machine is switched off, and the run \
      goes on. A worker that drains is not a failure and costs no evaluation.

      EXAMPLES
        elsa drain my-run
        elsa drain my-run --worker node07/4711
        elsa drain --connection-file connection.json --key-file ann.key
      """)

  @OptionGroup var operation: OperatorOptions

  @Option(
    help: ArgumentHelp(
      "Only this worker, by the name or session that elsa status shows.", valueName: "name"))
  var worker: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if worker?.isEmpty == true { throw ValidationError("--worker is empty.") }
  }

  /// What the coordinator answered; its names are the fields of the JSON.
  struct Report: Encodable {
    let done: Bool
    let diagnostic: String
  }

  func run() throws {
    guard let client = try operation.client() else {
      throw CommandFailure("no coordinator runs in \(operation.runDirectory ?? "this folder")")
    }
    guard case .answer(let isDone, let diagnostic) = try client.ask(.drainRequest(worker: worker))
    else { throw CommandFailure("the coordinator makes no sense") }
    if json { try Output.json(Report(done: isDone, diagnostic: diagnostic)) }
    guard isDone else {
      throw CommandFailure(diagnostic, nextStep: "see who is there: elsa status")
    }
    if !json { Output.result(diagnostic) }
  }
}
