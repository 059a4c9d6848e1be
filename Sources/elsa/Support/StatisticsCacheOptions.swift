import ArgumentParser
import Evaluation

/// Where calibration statistics are kept, as commands are told it.
struct StatisticsCacheOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Where statistics of calibration images are kept for other patterns and criteria, at most \
      4 GiB of them; none keeps nothing (default: elsa/statistics in the user's cache).
      """,
      valueName: "folder|none"))
  var statisticsCache: String?

  /// The cache, or `nil` if nothing is kept.
  var cache: StatisticsCache? {
    if statisticsCache == "none" { return nil }
    return statisticsCache.map(Self.cache) ?? Self.usual
  }

  /// The cache in the user's cache folder.
  static var usual: StatisticsCache { cache(at: "\(UserCache.folder)/statistics") }

  private static func cache(at path: String) -> StatisticsCache {
    StatisticsCache(path: path) { Output.notify($0) }
  }
}
