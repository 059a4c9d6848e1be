import ArgumentParser
import CoordinatorBenchmarks
import Foundation

/// The workers of ``BenchmarkCoordinatorCommand`` that fetch, in a process of their own.
struct BenchmarkInputLoadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "input-load",
    abstract: "Brings the fetching workers of elsa benchmark coordinator; started by it.",
    discussion: """
      EXAMPLE
        elsa benchmark input-load --connection-file run/connection.json --fetchers 8 --folder tmp
      """,
    shouldDisplay: false)

  @Option(help: ArgumentHelp("The connection.json of the benchmark.", valueName: "file"))
  var connectionFile: String

  @Option(help: "The workers, each with a cache of its own.")
  var fetchers: Int

  @Option(help: ArgumentHelp("Where caches and the result go.", valueName: "folder"))
  var folder: String

  /// The file that holds the seconds of the slowest worker.
  static func resultPath(in folder: String) -> String { "\(folder)/fetch-seconds" }

  func validate() throws {
    try OptionRange.check("--fetchers", fetchers, in: 1...256)
  }

  func run() throws {
    let seconds = try InputLoad(
      connectionFile: connectionFile, count: fetchers, folder: folder
    ).run()
    try Data("\(seconds)".utf8).write(to: URL(filePath: Self.resultPath(in: folder)))
  }
}
