import CoordinatorService
import Foundation
import RunPreparation
import RunStorage

/// How a coordinator listens, as the run directory remembers it for the next start.
struct StartOptions: Codable, Hashable {
  /// The version of the file's form.
  var version = 1
  /// The address to listen on.
  var bind = "tcp://127.0.0.1:*"
  /// What workers connect to instead of this machine's addresses.
  var advertised: [String] = []
  /// Where the connection file is written besides the run directory.
  var connectionCopy: ConnectionCopy?
  /// The coordinator's own key, if it has one that outlives the run.
  var serverKeyFile: String?
  /// The most bytes a second that workers are sent inputs with.
  var inputBytesPerSecondMax: Int?

  /// Returns what the last start in a directory was given, or the defaults of a new run.
  ///
  /// - Throws: ``CommandFailure`` for a file that is not what a coordinator writes: a coordinator
  ///   must not come back on another address than its workers know.
  static func remembered(in directory: RunDirectory) throws -> StartOptions {
    let path = directory.startOptions
    // A look that fails is no sign that there are none: the address would be another one.
    guard PrivateFile(path: path).mayExist else { return StartOptions() }
    guard let content = FileManager.default.contents(atPath: path),
      let options = try? JSONDecoder().decode(StartOptions.self, from: content),
      options.version == 1
    else {
      throw CommandFailure(
        "\(path) is not what a coordinator writes",
        nextStep: "remove it and give the options, such as --bind, again")
    }
    return options
  }

  /// Keeps the options for the next start.
  func write(to directory: LockedRunDirectory) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try directory.write(try encoder.encode(self), to: directory.files.startOptions)
  }
}
