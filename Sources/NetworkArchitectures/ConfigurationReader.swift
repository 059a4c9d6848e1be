/// Typed access to the keys of a model's configuration, whatever form its file has.
///
/// Keys are alternatives: the first that is there counts. `nil` stands for none of them.
package protocol ConfigurationReader {
  func text(_ keys: [String]) throws(ConfigurationFault) -> String?
  /// Returns the texts of a list; `nil` also for a value that is no list.
  func texts(_ keys: [String]) throws(ConfigurationFault) -> [String]?
  func integer(_ keys: [String]) throws(ConfigurationFault) -> Int?
  /// Returns an integer of a range; `expected` says what it may be.
  func integer(
    _ keys: [String], in range: ClosedRange<Int>, expected: String
  ) throws(ConfigurationFault) -> Int?
  /// Returns the sides of an integer or of a pair of height and width.
  func grid(_ keys: [String]) throws(ConfigurationFault) -> GridSize?
  /// Returns whether one of the keys is there with a value other than null, zero or false.
  func isStated(_ keys: [String]) -> Bool
  func integers(_ keys: [String]) throws(ConfigurationFault) -> [Int]?
  func number(_ keys: [String]) throws(ConfigurationFault) -> Double?
  func truth(_ keys: [String]) throws(ConfigurationFault) -> Bool?
  /// Returns the image that timm's `input_size` states.
  func inputSize() throws(ConfigurationFault) -> NetworkInput?
}

/// Why the keys of a configuration describe no network.
package enum ConfigurationFault: Error, Equatable, Sendable {
  /// A key that must be there is missing.
  case missingKey(key: String, expected: String)
  /// A key has a value that cannot be used.
  case invalidValue(key: String, value: String, expected: String)
  /// The sizes belong to no network.
  case invalidSizes(ArchitectureError)
  /// The network is known, and its computation is not built.
  case unsupported(architecture: String, reason: String)
}

extension ConfigurationReader {
  /// Returns the first of some keys and a fallback.
  ///
  /// - Parameter architecture: The name that gives no fallback, for the error.
  /// - Throws: ``ConfigurationFault/missingKey(key:expected:)`` if there is none.
  func size(
    _ keys: [String], _ fallback: Int?, architecture: String
  ) throws(ConfigurationFault) -> Int {
    if let value = try integer(keys) { return value }
    if let fallback { return fallback }
    throw missing(keys[0], "an integer", architecture: architecture)
  }

  /// Returns the first of a list of integers and a fallback.
  func sizes(
    _ key: String, _ fallback: [Int]?, architecture: String
  ) throws(ConfigurationFault) -> [Int] {
    if let values = try integers([key]) { return values }
    if let fallback { return fallback }
    throw missing(key, "a list of integers", architecture: architecture)
  }

  fileprivate func missing(
    _ key: String, _ expected: String, architecture: String
  ) -> ConfigurationFault {
    let name = architecture.prefix(80)
    let reason = name.isEmpty ? "" : ", because the architecture \"\(name)\" is not known"
    return .missingKey(key: key, expected: expected + reason)
  }
}

/// The sizes that every family has: of the image, its patches and the head.
struct OuterSizes {
  /// The size of the image, in pixels.
  var imageSize: GridSize
  /// The side of a square patch, in pixels.
  var patchSize: Int
  /// The colour channels of the image.
  var channels: Int
  /// The classes that the head tells apart.
  var classes: Int
}

extension ConfigurationReader {
  /// Returns the sizes that every family has.
  ///
  /// - Parameter named: Those of the member that the configuration names, if it is known.
  func outerSizes(
    named: OuterSizes?, architecture: String
  ) throws(ConfigurationFault) -> OuterSizes {
    let input = try inputSize()
    guard
      let imageSize = try grid(["img_size", "image_size"]) ?? input?.size ?? named?.imageSize
    else { throw missing("img_size", "an integer or a pair", architecture: architecture) }
    let patch = try grid(["patch_size"])
    if let patch, !patch.isSquare {
      throw .invalidValue(
        key: "patch_size", value: "\(patch)", expected: "the side of a square patch")
    }
    guard let patchSize = patch?.height ?? named?.patchSize else {
      throw missing("patch_size", "an integer", architecture: architecture)
    }
    let classes = try size(
      ["num_classes", "num_labels"], named?.classes, architecture: architecture)
    guard classes != 0 else {
      throw .invalidValue(
        key: "num_classes", value: "0",
        expected: "the classes of a head; a model without one classifies nothing")
    }
    return OuterSizes(
      imageSize: imageSize, patchSize: patchSize,
      channels: try size(
        ["in_chans", "num_channels"], input?.channels ?? named?.channels,
        architecture: architecture),
      classes: classes)
  }
}

/// What a configuration of a family may say beside its sizes.
package struct ConfigurationRules: Sendable {
  /// A value of a key.
  package enum Value: Hashable, Sendable {
    case text(String)
    case integer(Int)
    case truth(Bool)
  }

  /// The values that keep the computation the one that is built, for keys that would change it.
  package let harmlessValues: [String: [Value]]
  /// Keys that must be absent or null, because any value would change the computation.
  package let unsupportedKeys: Set<String>
  /// The keys that are read or do not matter beside those of ``isMetadata(_:)``; any other may
  /// change the network.
  package let knownArguments: Set<String>
  /// Keys that mean the same: of those that are there, all must have one value.
  package var synonyms: [[String]] = []
  /// What the family is called in messages, as in “a plain ViT”.
  package let familyName: String
}

extension ConfigurationRules.Value: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByIntegerLiteral
{
  package init(stringLiteral text: String) { self = .text(text) }
  /// `true` or `false`.
  package init(booleanLiteral truth: Bool) { self = .truth(truth) }
  package init(integerLiteral number: Int) { self = .integer(number) }
}
