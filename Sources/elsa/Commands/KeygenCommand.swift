import ArgumentParser
import Foundation
import ModelFiles
import RunStorage
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

      EXAMPLES
        elsa keygen server lab --output keys/
        elsa coordinator run.yaml --run-directory my-run --bind 'tcp://*:5555' \\
          --key-file keys/lab.key
        elsa keygen worker node07 --output keys/ --authorize my-run
        elsa worker --connect tcp://lab:5555 --server-key keys/lab.pub --key-file keys/node07.key
      """)

  @Argument(help: ArgumentHelp("What the key is for.", valueName: "server|worker|operator"))
  var role: KeyRole

  @Argument(help: "The name of the key: letters, digits, dots, hyphens, underscores.")
  var name: String

  @Option(help: ArgumentHelp("Where to write both files.", valueName: "folder"))
  var output = "."

  @Option(help: ArgumentHelp("Let the key connect to this run, too.", valueName: "run directory"))
  var authorize: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
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
    let keyPath = "\(folder)/\(name)\(KeyFile.secretSuffix)"
    let publicPath = "\(folder)/\(name)\(KeyFile.publicSuffix)"
    for path in [keyPath, publicPath] where FileManager.default.fileExists(atPath: path) {
      throw CommandFailure(
        "\(path) exists already; a key that is replaced is lost",
        nextStep: "choose another name or folder, or remove the file")
    }
    let pair = try CurveKeyPair.generate()
    let key = KeyFile(
      role: role, name: name, publicKey: pair.publicKey.z85, secretKey: pair.secret.z85)
    try key.write(to: keyPath)
    try key.publicPart.write(to: publicPath)
    let authorizedBy = try authorize.map { try RunDirectory(userPath: $0).authorize(key) }
    let report = Report(
      role: role.rawValue, name: name, publicKey: key.publicKey, keyFile: keyPath,
      publicFile: publicPath, authorizedBy: authorizedBy)
    if json { return try Output.json(report) }
    Output.result("key         \(keyPath) (keep it secret)")
    Output.result("public half \(publicPath)")
    if let authorizedBy { Output.result("authorized  \(authorizedBy) (remove it to revoke)") }
  }
}

extension KeyRole: ExpressibleByArgument {}
