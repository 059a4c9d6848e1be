import NetworkArchitectures

/// Where a model is, and what to know that its files may not say.
package struct ModelSource: Hashable, Sendable {
  /// The checkpoint, the index of its shards, or the folder of either.
  package var path: String
  /// The configuration; without it, `config.json` beside the checkpoint.
  package var configurationPath: String?
  /// The model's name in timm, in the place of a configuration.
  package var architecture: String?
  /// Which of several models of a checkpoint, by what its tensors' names begin with.
  package var prefix: String?
  /// The size of images in place of the configuration's.
  package var imageSize: GridSize?

  /// Describes a model by its paths.
  package init(
    path: String, configurationPath: String? = nil, architecture: String? = nil,
    prefix: String? = nil, imageSize: GridSize? = nil
  ) {
    self.imageSize = imageSize
    self.path = path
    self.configurationPath = configurationPath
    self.architecture = architecture
    self.prefix = prefix
  }
}
