import ArgumentParser
import Foundation
import ModelFiles
import RunPreparation
import RunStorage
import SparsityCore
import ZeroMQ

/// Makes the key pair of a coordinator, a worker or an operator.
struct KeygenCommand: ParsableCommand, HoldsSecrets {
  static let configuration = CommandConfiguration(
    commandName: "keygen",
    abstract: "Makes a key pair for a coordinator, a worker or an operator.",
    discussion: """
      Writes NAME.key, the pair, which only its owner can read and which stays where it is used, \
      and NAME.pub, the public half for others. A run makes keys of its own, so this is needed \
      only for keys that outlive a run, or to tell workers and operators apart.

      A worker or operator may connect while its public half lies in the run directory: \
      keys/workers/NAME.pub or keys/operators/NAME.pub. --authorize puts it there. Removing the \
      file revokes the key within a second, also of workers that are connected; what they hold is \
      given to others. keys/workers/shared.pub is the key that connection.json carries.

      --workers makes keys for so many workers at once, worker-001 and so on: status, front and \
      journal name the key behind each worker and result, so that one that misbehaves can be told \
      from the others and revoked alone.

      EXAMPLES
        elsa keygen server lab --output keys/
        elsa coordinator run.yaml --run-directory my-run --bind 'tcp://*:5555' \\
          --key-file keys/lab.key
        elsa keygen worker node07 --output keys/ --authorize my-run
        elsa keygen --workers 100 --output keys/ --authorize my-run
        elsa worker --connect tcp://lab:5555 --server-key keys/lab.pub --key-file keys/node07.key
      """)

  @Argument(help: ArgumentHelp("What the key is for.", valueName: "server|worker|operator"))
  var role: KeyRole?

  @Argument(help: "The name of the key: letters, digits, dots, hyphens, underscores.")
  var name: String?

  @Option(help: ArgumentHelp("Make the keys of so many workers instead.", valueName: "number"))
  var workers: Int?

  @Option(help: ArgumentHelp("Where to write both files.", valueName: "folder"))
  var output = "."

  @Option(help: ArgumentHelp("Let the key connect to this run, too.", valueName: "run directory"))
  var authorize: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if let workers {
      guard role == nil, name == nil else {
        throw ValidationError("--workers names the keys itself; leave out role and name.")
      }
      guard RunLimits.workerKeyRange.contains(workers) else {
        throw ValidationError(
          "--workers is \(workers); allowed is \(RunLimits.workerKeyRange.lowerBound)…"
            + "\(RunLimits.workerKeyRange.upperBound).")
      }
      return
    }
    guard role != nil, let name else {
      throw ValidationError("Give a role and a name, or --workers.")
    }
    guard KeyFile.isName(name) else {
      throw ValidationError(
        "The name is \"\(name)\"; use 1 to 64 letters, digits, dots, hyphens and underscores, and "
          + "no dot at the beginning.")
    }
    if authorize != nil, role == .server {
      throw ValidationError(
        "--authorize is for workers and operators; give a coordinator its key with --key-file.")
    }
  }

  /// What was made; its names are the fields of the JSON.
  struct Report: Encodable {
    let role: String
    let name: String
    let publicKey: String
    let keyFile: String
    let publicFile: String
    let authorizedBy: String?
  }

  func run() throws {
    let folder = absolutePath(output)
    try PrivateFolder.create(folder)
    // All or none: which of many keys are new could not be told later.
    for name in names {
      let base = "\(folder)/\(name)"
      for path in [base + KeyFile.secretSuffix, base + KeyFile.publicSuffix]
      where FileManager.default.fileExists(atPath: path) {
        throw CommandFailure(
          "\(path) exists already; a key that is replaced is lost",
          nextStep: "choose another name or folder, or remove the file")
      }
    }
    let reports = try names.map { try make($0, in: folder) }
    if json {
      return if workers == nil { try Output.json(reports[0]) } else { try Output.json(reports) }
    }
    guard workers == nil else { return describe(reports, in: folder) }
    let report = reports[0]
    Output.result("key         \(report.keyFile) (keep it secret)")
    Output.result("public half \(report.publicFile)")
    if let path = report.authorizedBy { Output.result("authorized  \(path) (remove it to revoke)") }
  }

  /// The names of the keys to make.
  private var names: [String] {
    guard let workers else { return [name].compactMap(\.self) }
    let width = max(3, "\(workers)".count)
    return (1...workers).map { number in
      let digits = "\(number)"
      return "worker-" + String(repeating: "0", count: width - digits.count) + digits
    }
  }

  private func describe(_ reports: [Report], in folder: String) {
    Output.result(
      "\(counted(reports.count, "key")) in \(folder), \(reports[0].name) to "
        + "\(reports[reports.count - 1].name) (keep the .key files secret, one for each worker)")
    if let path = reports[0].authorizedBy {
      Output.result("authorized  \(path) and so on (remove a file to revoke its key)")
    }
  }

  private func make(_ name: String, in folder: String) throws -> Report {
    let role = role ?? .worker
    let keyPath = "\(folder)/\(name)\(KeyFile.secretSuffix)"
    let publicPath = "\(folder)/\(name)\(KeyFile.publicSuffix)"
    let pair = try CurveKeyPair.generate()
    let key = KeyFile(
      role: role, name: name, publicKey: pair.publicKey.z85, secretKey: pair.secret.z85)
    try key.write(to: keyPath)
    try key.publicPart.write(to: publicPath)
    let authorizedBy = try authorize.map { try RunDirectory(userPath: $0).authorize(key) }
    return Report(
      role: role.rawValue, name: name, publicKey: key.publicKey, keyFile: keyPath,
      publicFile: publicPath, authorizedBy: authorizedBy)
  }
}

extension KeyRole: ExpressibleByArgument {}
