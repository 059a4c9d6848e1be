import ArgumentParser
import CoordinatorService
import Foundation
import RunStorage
import WireProtocol

/// What a run is doing.
struct StatusCommand: ParsableCommand, HoldsSecrets {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Shows what a run is doing: progress, workers, failures, disk.",
    discussion: """
      Asks the coordinator over its port. Whoever may read the run directory has the key for it; \
      from elsewhere give the connection file and an operator's key (see elsa keygen). If no \
      coordinator runs, the journal in the run directory says how far the run is.

      EXAMPLES
        elsa status my-run
        elsa status my-run --watch
        elsa status my-run --json
        elsa status --connection-file connection.json --key-file ann.key
      """)

  @OptionGroup var operation: OperatorOptions

  @Flag(help: "Show it again every two seconds until the run ends.")
  var watch = false

  @Option(help: "The workers that are listed at most.")
  var workers = 100

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard (0...RunStatus.workerCountMax).contains(workers) else {
      throw ValidationError(
        "--workers is \(workers); allowed is 0…\(RunStatus.workerCountMax).")
    }
  }

  func run() throws {
    while true {
      let report = try report()
      try show(report)
      guard watch, report.state != .complete, report.state != .stopped else { return }
      Thread.sleep(forTimeInterval: 2)
    }
  }

  private func report() throws -> RunReport {
    guard let client = try operation.client() else { return try journaled(because: nil) }
    do {
      switch try client.ask(.statusRequest(workerCountMax: workers)) {
      case .status(let status): return RunReport(status)
      case .answer(_, let words): throw CommandFailure("the coordinator says: \(words)")
      case .statusRequest, .drainRequest: throw CommandFailure("the coordinator makes no sense")
      }
    } catch let failure as OperatorError {
      // A coordinator that was killed leaves its connection file behind.
      guard case .unanswered = failure, operation.directory != nil else { throw failure }
      return try journaled(because: failure)
    }
  }

  private func journaled(because failure: OperatorError?) throws -> RunReport {
    guard let directory = operation.directory else {
      throw CommandFailure("no coordinator runs", nextStep: "give the run directory")
    }
    if let failure { Output.note("\(failure) This is what the journal says:") }
    return try RunReport(journalOf: directory)
  }

  private func show(_ report: RunReport) throws {
    if json { return try Output.json(report) }
    // Home and clear, so that a person sees one picture that changes.
    if watch, Output.isTerminal { Output.note("\u{1B}[H\u{1B}[2J") }
    report.lines.forEach(Output.result)
    if watch { Output.result("") }
  }
}
