import ArgumentParser
import Evaluation
import NetworkArchitectures

/// What a checkpoint and its configuration may leave open, as commands are told it.
struct CheckpointOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The model's config.json, if not beside it.", valueName: "file"))
  var config: String?

  @Option(
    help: ArgumentHelp(
      "The model's name in timm, in the place of a config.json: see elsa models.",
      valueName: "name"))
  var architecture: String?

  @Option(
    help: ArgumentHelp(
      """
      Which of several models of a checkpoint: what the names of its tensors begin with, as in \
      model_ema. (tensors outside are left out).
      """,
      valueName: "prefix"))
  var prefix: String?

  func validate() throws {
    if config != nil, architecture != nil {
      throw ValidationError("--architecture stands in the place of --config; leave one out.")
    }
  }

  /// Returns where a model is.
  func source(_ model: String) -> ModelSource {
    ModelSource(
      path: model, configurationPath: config, architecture: architecture, prefix: prefix)
  }

  /// Loads a model and says what was done beyond reading its files.
  ///
  /// - Parameter imageSize: The size of images in place of the configuration's.
  func loaded(_ model: String, imageSize: GridSize? = nil) throws -> LoadedModel {
    var source = source(model)
    source.imageSize = imageSize
    let loaded = try LoadedModel(source)
    loaded.notifications.forEach { Output.notify("\(loaded.path): \($0).") }
    return loaded
  }

  /// Whether nothing is said.
  var isEmpty: Bool { config == nil && architecture == nil && prefix == nil }
}
