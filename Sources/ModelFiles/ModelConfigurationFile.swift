import SparsityCore

/// What a model's `config.json` says: sizes, normalisation and preprocessing.
///
/// Two forms are read: a flat one that holds all sizes (`img_size`, `embed_dim`, …), and that of
/// timm on the Hugging Face hub, whose sizes follow from the architecture's name.
public struct ModelConfigurationFile: Hashable, Sendable {
  /// The model's name in timm, without the tag after its dot.
  public let architecture: String
  /// The sizes of the transformer.
  public let shape: TransformerShape
  /// The mean of each channel, in units of the full range 0…1.
  public let mean: [Float]
  /// The standard deviation of each channel, in units of the full range 0…1.
  public let standardDeviation: [Float]
  /// How images become pixels.
  public let preprocessing: Preprocessing

  /// The largest file that is read as a configuration.
  public static let sizeMax = 4 << 20

  /// Reads a file.
  ///
  /// - Parameter shapeNamed: Returns the shape of an architecture by its timm name, for files
  ///   that do not hold all sizes; sizes in the file come before those of the name.
  public init(
    path: String, shapeNamed: (String) -> TransformerShape? = { _ in nil }
  ) throws(ModelFileError) {
    let bytes = try readFile(path, limitBytes: Self.sizeMax)
    try self.init(bytes: bytes, name: path, shapeNamed: shapeNamed)
  }

  /// Reads the bytes of a file that is in memory; errors call it `name`.
  public init(
    bytes: [UInt8], name: String, shapeNamed: (String) -> TransformerShape? = { _ in nil }
  ) throws(ModelFileError) {
    let keys = try ConfigurationKeys(bytes: bytes, path: name)
    try keys.refuseUnsupportedFeatures()
    let fullName = try keys.text(["architecture"]) ?? ""
    let architecture = String(fullName.prefix { $0 != "." })
    let named = architecture.isEmpty ? nil : shapeNamed(architecture)
    let shape = try keys.shape(named: named, architecture: architecture)
    self.architecture = architecture
    self.shape = shape
    self.mean = try keys.channelValues(
      "mean", shape.channels, in: ConfigurationKeys.meanRange)
    self.standardDeviation = try keys.channelValues(
      "std", shape.channels, in: ConfigurationKeys.deviationRange)
    self.preprocessing = try keys.preprocessing(shape)
  }

  /// The path of the configuration that belongs to a checkpoint: `config.json` in its folder.
  public static func path(besideWeights weightsPath: String) -> String {
    guard let slash = weightsPath.utf8.lastIndex(of: UInt8(ascii: "/")) else {
      return "config.json"
    }
    return weightsPath[...slash] + "config.json"
  }
}
