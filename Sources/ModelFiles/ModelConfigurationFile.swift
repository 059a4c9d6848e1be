import NetworkArchitectures

/// What a model's `config.json` says: network, normalisation and preprocessing.
package struct ModelConfigurationFile: Sendable {
  package let configured: NetworkConfiguration
  /// The mean of each channel, in units of the full range 0…1.
  package let mean: [Float]
  /// The standard deviation of each channel, in units of the full range 0…1.
  package let standardDeviation: [Float]
  /// How images become pixels.
  package let preprocessing: Preprocessing

  /// The largest file that is read as a configuration.
  package static let sizeMax = 4 << 20

  /// The bytes of a file that says the same without any other beside it.
  package let bytes: [UInt8]
  /// What is to know of the configuration, in sentences without a full stop.
  package let notifications: [String]

  /// Reads a file; one of transformers with the file that says how images become pixels.
  package init(path: String) throws(ModelFileError) {
    let bytes = try readFile(path, limitBytes: Self.sizeMax)
    guard let (completed, squeezes) = try Self.completed(bytes, path: path) else {
      try self.init(bytes: bytes, name: path)
      return
    }
    try self.init(
      bytes: completed, name: path,
      notifications: squeezes
        ? [
          "images that are not square are resized by their shorter side and cropped; transformers "
            + "squeezes them to a square"
        ] : [])
  }

  /// Returns the bytes of a configuration of transformers that lacks what its
  /// `preprocessor_config.json` says, with that; `nil` for another configuration.
  private static func completed(
    _ bytes: [UInt8], path: String
  ) throws(ModelFileError) -> (bytes: [UInt8], squeezes: Bool)? {
    guard case .object(let top)? = try? JSONParser.parse(bytes),
      TransformersConfiguration.isOne(top), top["mean"] == nil
    else { return nil }
    // What is no model that can be used is refused before other files are looked for.
    _ = try NetworkConfiguration(ConfigurationKeys(bytes: bytes, path: path))
    let folder = Self.path(besideWeights: path).dropLast("config.json".count)
    let preprocessor = String(folder) + TransformersConfiguration.preprocessorName
    let (keys, squeezes) = try TransformersConfiguration.completed(
      top, with: readFile(preprocessor, limitBytes: Self.sizeMax), path: preprocessor)
    return (Array((JSONValue.object(keys).text + "\n").utf8), squeezes)
  }

  /// Reads the bytes of a file that is in memory; errors call it `name`.
  package init(
    bytes: [UInt8], name: String, imageSize: GridSize? = nil, notifications: [String] = []
  ) throws(ModelFileError) {
    self.bytes = bytes
    self.notifications = notifications
    var keys = try ConfigurationKeys(bytes: bytes, path: name)
    if let imageSize { keys = keys.with(imageSize: imageSize) }
    let configured = try NetworkConfiguration(keys)
    let input = configured.network.input
    self.configured = configured
    self.mean = try keys.channelValues(
      "mean", input.channels, in: ConfigurationKeys.meanRange)
    self.standardDeviation = try keys.channelValues(
      "std", input.channels, in: ConfigurationKeys.deviationRange)
    self.preprocessing = try keys.preprocessing(input)
  }

  /// Returns the same configuration for images of another size; errors call it `name`.
  package func with(
    imageSize: GridSize, name: String
  ) throws(ModelFileError) -> ModelConfigurationFile {
    try ModelConfigurationFile(
      bytes: bytes, name: name, imageSize: imageSize, notifications: notifications)
  }

  /// The model's name in timm, without the tag after its dot; empty if the file does not say.
  package var name: String { configured.name }
  /// The sizes of the network.
  package var architecture: any NetworkArchitecture { configured.architecture }
  /// What the network is made of.
  package var network: Network { configured.network }

  /// The path of the configuration that belongs to a checkpoint: `config.json` in its folder.
  package static func path(besideWeights weightsPath: String) -> String {
    guard let slash = weightsPath.utf8.lastIndex(of: UInt8(ascii: "/")) else {
      return "config.json"
    }
    return weightsPath[...slash] + "config.json"
  }
}
