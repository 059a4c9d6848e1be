import ArgumentParser
import Foundation
import RunPreparation
import SparsityCore
import TextReports
import WorkerService

/// Where a worker looks for model, bank and images, and where it keeps what it has fetched.
struct InputCacheOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where fetched inputs are kept (default: $XDG_CACHE_HOME/elsa or ~/.cache/elsa).",
      valueName: "folder"))
  var cacheDirectory: String?

  @Option(
    help: ArgumentHelp(
      "The most that the cache may hold; what was used longest ago goes first.", valueName: "bytes")
  )
  var cacheSize = ByteCount(bytes: 20 << 30)

  @Flag(help: "Fetch all inputs from the coordinator, even those on a shared file system.")
  var noSharedFiles = false

  /// Returns what the options say; progress goes to `progress` and, unless quiet, as notifications.
  func settings(isQuiet: Bool) -> InputSettings {
    var settings = InputSettings(
      cache: InputCache(folder: cacheFolder, sizeMax: cacheSize.bytes))
    settings.usesSharedFiles = !noSharedFiles
    let progress = SharedProgress()
    settings.report = { report in
      switch report {
      case .fetching(let role, let stored, let size):
        guard !isQuiet else { return }
        progress.show(done: stored >> 20, total: max(1, size >> 20), unit: "MiB of the \(role)")
      case .waiting(let role):
        Self.notify("another worker of this machine fetches the \(role)", progress, isQuiet)
      case .cached(let role): Self.notify("the \(role) was in the cache", progress, isQuiet)
      case .fetched(let role, let fetched, let stored, let size, let duration):
        let diagnostic =
          "fetched the \(role), \(NumberFormat.bytes(size)) in "
          + "\(NumberFormat.fixed(duration.seconds, 1)) s: \(counted(fetched, "chunk")), "
          + "\(stored) here already"
        Self.notify(diagnostic, progress, isQuiet)
      }
    }
    return settings
  }

  private static func notify(_ diagnostic: String, _ progress: SharedProgress, _ isQuiet: Bool) {
    progress.finish()
    if !isQuiet { Output.notifyStamped(diagnostic) }
  }

  private var cacheFolder: String {
    cacheDirectory.map(absolutePath) ?? UserCache.folder
  }
}
