import ArgumentParser
import CoordinatorService
import Foundation
import RunPreparation
import RunReports
import RunStorage
import WireProtocol

/// What a run is doing.
struct StatusCommand: ParsableCommand, HoldsSecrets {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Shows what a run is doing: progress, workers, failures, disk.",
    discussion: """
      Asks the coordinator over its port. Anyone who may read the run directory has the key for \
      it; from elsewhere give the connection file and an operator's key (see elsa keygen). If no \
      coordinator runs, the journal in the run directory says how far the run is.

      The state is preparing, running, paused, draining, notAnswering (a coordinator holds the run \
      and is frozen or cannot be reached), finished or stopped; only a stopped run can be gone on \
      with.

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
    var answeredAt: Date?
    while true {
      let report = try report(&answeredAt)
      try show(report)
      guard watch, report.state != .finished, report.state != .stopped else { return }
      Thread.sleep(forTimeInterval: 2)
    }
  }

  /// Asks the coordinator, or looks at what can be seen of one that does not answer.
  private func report(_ answeredAt: inout Date?) throws -> RunReport {
    guard let (client, addresses) = try operation.reach() else {
      return try silent(because: nil, answeredAt: answeredAt)
    }
    do {
      switch try client.ask(.statusRequest(workerCountMax: workers)) {
      case .status(let status):
        answeredAt = Date()
        var report = RunReport(status)
        report.addresses = addresses
        report.runDirectory = operation.directory?.path
        report.runFile = operation.directory?.runFile
        return report
      case .answer(_, let diagnostic): throw CommandFailure("the coordinator says: \(diagnostic)")
      case .statusRequest, .drainRequest, .discardRequest:
        throw CommandFailure("the coordinator makes no sense")
      }
    } catch let failure as OperatorError where failure.isSilence {
      return try silent(because: failure, answeredAt: answeredAt)
    }
  }

  /// Says what can be said of a coordinator that does not answer; only a watcher goes on without
  /// the run directory.
  private func silent(because failure: OperatorError?, answeredAt: Date?) throws -> RunReport {
    guard let directory = operation.directory else {
      if let failure, !watch { throw failure }
      return RunReport(since: answeredAt)
    }
    let silence = try Silence(in: directory, answeredAt: answeredAt, at: Date())
    // A coordinator that was killed leaves its connection file behind.
    if let failure, silence.isAbsent {
      Output.notify("\(failure) This is what the journal says:")
    }
    return try RunReport(silence, in: directory, notified: Output.notify)
  }

  private func show(_ report: RunReport) throws {
    if json { return try Output.json(report) }
    // Home and clear, so that a person sees one picture that changes.
    if watch, Output.isTerminal { Output.notify("\u{1B}[H\u{1B}[2J") }
    report.lines.forEach(Output.result)
    if watch { Output.result("") }
  }
}
