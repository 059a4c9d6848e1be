import ArgumentParser
import CoordinatorService
import Foundation
import RunPreparation
import RunStorage
import ZeroMQ

/// How an operator reaches a run: on its machine by the run directory, from elsewhere by a
/// connection file and a key.
struct OperatorOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("The run directory.", valueName: "folder"))
  var runDirectory: String?

  @Option(help: ArgumentHelp("The connection.json of a run elsewhere.", valueName: "file"))
  var connectionFile: String?

  @Option(help: ArgumentHelp("An operator's key, made by elsa keygen.", valueName: "file.key"))
  var keyFile: String?

  func validate() throws {
    guard (runDirectory == nil) != (connectionFile == nil) else {
      throw ValidationError("Give either the run directory or --connection-file.")
    }
  }

  /// The run directory, if it was given.
  var directory: RunDirectory? { runDirectory.map { RunDirectory(userPath: $0) } }

  /// Returns the client of the run's coordinator, or `nil` if the run directory has no connection
  /// file, so that no coordinator runs.
  func client() throws -> OperatorClient? { try reach()?.client }

  /// Returns the client with the addresses of the connection file, or `nil` as ``client()`` does.
  func reach() throws -> (client: OperatorClient, addresses: [String])? {
    let path = connectionFile.map(absolutePath) ?? directory?.connectionFilePath ?? ""
    if directory != nil, !FileManager.default.fileExists(atPath: path) { return nil }
    let file = try ConnectionFile(path: path)
    if let keyFile, file.serverKey == nil {
      throw CommandFailure(
        "\(file.endpoints[0]) does not encrypt, so that anybody could pose as the coordinator of "
          + "\(keyFile)",
        nextStep: "start the coordinator with keys, or leave out --key-file")
    }
    return (try OperatorClient(file, keys: keys()), file.endpoints)
  }

  /// Returns the client of a run directory's coordinator, or `nil` if it has no connection file.
  static func client(of directory: RunDirectory) throws -> OperatorClient? {
    guard FileManager.default.fileExists(atPath: directory.connectionFilePath) else { return nil }
    let file = try ConnectionFile(path: directory.connectionFilePath)
    return try OperatorClient(file, keys: RunKeys.operators(in: directory))
  }

  private func keys() throws -> CurveKeyPair? {
    if let keyFile {
      let path = absolutePath(keyFile)
      let secret = try KeyFile(path: path).secret(of: .operator, path: path)
      return try CurveKeyPair(secret: CurveSecretKey(z85: secret))
    }
    return try directory.flatMap { try RunKeys.operators(in: $0) }
  }
}
