import ArgumentParser
import CoordinatorService
import Foundation
import RunFiles
import RunPreparation
import RunStorage
import SparsityCore
import WireProtocol

/// Takes a worker's key out of a run.
struct RevokeCommand: ParsableCommand, HoldsSecrets {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Takes a worker's key out of a run, with its results if wanted.",
    discussion: """
      Removes keys/workers/KEY.pub from the run directory: within a second or two the workers that \
      use the key are turned away, and what they hold is given to others. What they have delivered \
      stays, unless --discard-results is given: then all of it counts no more, the journal says so \
      for good, and it is measured again by others; what others have measured is kept. In strict \
      mode the search begins anew and gives what it would have given without the key. A key whose \
      results were discarded may not take part again under this name.

      The coordinator does the same by itself with a key whose results are not what another key \
      measures (elsa coordinator --spot-checks). elsa front and elsa status name the key behind \
      each result and worker.

      EXAMPLES
        elsa revoke my-run worker-017
        elsa revoke my-run worker-017 --discard-results
      """)

  @Argument(help: ArgumentHelp("The run directory.", valueName: "folder"))
  var runDirectory: String

  @Argument(help: "The name of the key: that of its file, as status and front show it.")
  var key: String

  @Flag(help: "Measure again everything that the key has delivered.")
  var discardResults = false

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard KeyFile.isName(key) else {
      throw ValidationError("The name of the key is \"\(key)\"; give that of a file, without .pub.")
    }
  }

  /// What was done; its names are the fields of the JSON.
  struct Report: Encodable {
    let key: String
    /// Whether there was a file to remove.
    let revoked: Bool
    /// Whether the key's results count no more.
    let discarded: Bool
  }

  func run() throws {
    let directory = RunDirectory(userPath: runDirectory)
    guard directory.holdsRun else {
      throw CommandFailure(
        "no run in \(directory.path)", nextStep: "give the --run-directory of a search")
    }
    let isRevoked = try directory.revoke(.worker, name: key)
    guard isRevoked || discardResults else {
      throw CommandFailure(
        "no worker's key is called \(key) in \(directory.path)", nextStep: knownNames(directory))
    }
    if discardResults { try discard(in: directory, isKnown: isRevoked) }
    let report = Report(key: key, revoked: isRevoked, discarded: discardResults)
    if json { return try Output.json(report) }
    if isRevoked { Output.result("revoked    \(key): its file in keys/workers is gone") }
    if discardResults {
      Output.result("discarded  what \(key) has delivered; it is measured again by others")
    }
  }

  /// Asks the coordinator to discard the results, or says so in the journal if none runs.
  private func discard(in directory: RunDirectory, isKnown: Bool) throws {
    let reader = try JournalReader(of: directory)
    guard try isKnown || reader.holdsResults(ofKey: key) else {
      throw CommandFailure(
        "nothing in \(directory.path) was delivered with a key called \(key)",
        nextStep: knownNames(directory))
    }
    if let client = try OperatorOptions.client(of: directory) {
      do {
        guard
          case .answer(let isDone, let diagnostic) = try client.ask(.discardRequest(keyName: key))
        else { throw CommandFailure("the coordinator makes no sense") }
        guard isDone else { throw CommandFailure("the coordinator does not: \(diagnostic)") }
        return
      } catch let failure as OperatorError where failure.isSilence {
        // One that was killed leaves its connection file behind; the lock tells.
      }
    }
    try append(to: directory, known: reader.discards().map(\.key.keyName))
  }

  private func append(to directory: RunDirectory, known: [String]) throws {
    guard !known.contains(key) else {
      throw CommandFailure("the results of \(key) are discarded already")
    }
    let journal = try Journal(in: directory)
    let record = DiscardedKey(
      keyName: key, diagnostic: "an operator asks for it",
      restartsSearch: try RunFile(path: directory.runFile).restartsSearch)
    try journal.append([.discarded(record)], at: journal.recordCount, writtenAt: Date())
    try journal.close()
  }

  private func knownNames(_ directory: RunDirectory) -> String {
    let names = directory.keyNames(of: .worker)
    return names.isEmpty
      ? "see who has measured what: elsa front" : "the keys are \(names.joined(separator: ", "))"
  }
}
