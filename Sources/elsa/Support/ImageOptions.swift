import ArgumentParser
import Foundation
import ImageData
import ModelFiles
import ProcessLimits
import RunPreparation
import SparsityCore

/// How images are read, as commands are told it.
struct ImageOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "config: as the model's configuration says; none: images have their size, only crop.",
      valueName: "config|none"))
  var resize = "config"

  @Flag(help: "Leave broken images out (they are named and counted) instead of failing.")
  var skipBroken = false

  @Option(help: "The threads (default: one for each core that they may use).")
  var threads: Int?

  func validate() throws {
    guard ["config", "none"].contains(resize) else {
      throw ValidationError("--resize is \"\(resize)\"; write config or none.")
    }
    try OptionRange.check("--threads", threads, in: RunLimits.threadRange)
  }

  /// The threads to use.
  var threadCount: Int { threads ?? AllowedProcessors.current.count }

  /// Returns the preprocessing of a model with what the options change.
  func preprocessing(of configuration: ModelConfigurationFile) -> Preprocessing {
    resize == "none" ? configuration.preprocessing.withoutResize : configuration.preprocessing
  }

  /// Loads a data set and reports its broken images.
  ///
  /// - Parameter classes: The classes that labels must mean; `nil` if labels are not used.
  /// - Throws: ``CommandFailure`` if images are broken and may not be left out.
  func load(_ path: String, preprocessing: Preprocessing, classes: ModelClasses?) throws -> (
    set: ImageSet, broken: Int
  ) {
    let progress = SharedProgress()
    let loaded = try loadImages(
      path: path, preprocessing: preprocessing, classes: classes, threads: threadCount
    ) {
      progress.show(done: $0, total: $1, unit: "images read")
    }
    progress.finish()
    let found = ImageSource(path, loaded)
    found.assumptions.forEach(Output.notify)
    try found.checkBroken(skipsBroken: skipBroken, .terminal())
    return (loaded.set, loaded.broken.count)
  }
}
