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

  /// Reads a file.
  package init(path: String) throws(ModelFileError) {
    try self.init(bytes: readFile(path, limitBytes: Self.sizeMax), name: path)
  }

  /// Reads the bytes of a file that is in memory; errors call it `name`.
  package init(bytes: [UInt8], name: String) throws(ModelFileError) {
    let keys = try ConfigurationKeys(bytes: bytes, path: name)
    let configured = try NetworkConfiguration(keys)
    let input = configured.network.input
    self.configured = configured
    self.mean = try keys.channelValues(
      "mean", input.channels, in: ConfigurationKeys.meanRange)
    self.standardDeviation = try keys.channelValues(
      "std", input.channels, in: ConfigurationKeys.deviationRange)
    self.preprocessing = try keys.preprocessing(input)
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
