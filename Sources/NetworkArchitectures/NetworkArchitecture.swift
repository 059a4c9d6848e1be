/// A family of networks: the sizes that tell its members apart, and what follows from them.
///
/// A family is a folder of this target, a line in ``NetworkFamilies``, and a forward pass.
package protocol NetworkArchitecture: Hashable, Sendable {
  /// The members that timm has pre-trained, by their names without the tag of a training run.
  static var named: [(name: String, architecture: Self)] { get }
  /// What a configuration may say beside the sizes.
  static var configurationRules: ConfigurationRules { get }
  /// Whether an architecture of this name in timm is of the family.
  static func isFamily(ofArchitecture name: String) -> Bool

  /// Reads the sizes that a configuration states; the others are those of its name.
  ///
  /// - Parameters:
  ///   - named: The member that the configuration names, if it is known.
  ///   - architecture: The name, for messages.
  init(
    configuration: some ConfigurationReader, named: Self?, architecture: String
  ) throws(ConfigurationFault)

  /// What the network is made of and computes.
  ///
  /// - Complexity: O(steps of the forward pass).
  var network: Network { get }

  /// Returns the names in timm of a checkpoint's tensors, without those that hold nothing to
  /// compute with.
  ///
  /// - Parameter names: The names of all tensors of the checkpoint.
  func checkpointNames(for names: [String]) -> [String: String]

  /// Returns why a checkpoint's tensor that the network does not have cannot be ignored.
  func reasonToRefuse(unknownTensor name: String) -> String
}

extension NetworkArchitecture {
  /// Every tensor has its own name.
  package func checkpointNames(for names: [String]) -> [String: String] {
    Dictionary(uniqueKeysWithValues: names.map { ($0, $0) })
  }

  /// Returns why a tensor whose name has a prefix of training frameworks is not taken.
  func reasonToRefusePrefix(of name: String) -> String? {
    ["module.", "model.", "_orig_mod."].first { name.hasPrefix($0) }.map {
      "its name starts with \($0); save the checkpoint without that prefix"
    }
  }
}

/// A network that is known by its name in timm, so that its sizes need no file.
package struct NamedNetwork: Sendable {
  /// The name in timm, without the tag of a training run.
  package let name: String
  /// The sizes.
  package let architecture: any NetworkArchitecture
}

/// The families that are known.
package enum NetworkFamilies {
  /// Every family; the first takes the configurations that name none.
  package static let all: [any NetworkArchitecture.Type] = [TransformerShape.self, SwinShape.self]

  /// The networks that are known by name, family by family.
  package static let named: [NamedNetwork] = all.flatMap { members(of: $0) }

  /// Returns the network of a name such as `deit_base_patch16_224`; a tag as in
  /// `deit_base_patch16_224.fb_in1k` does not matter.
  ///
  /// - Throws: ``UnknownNetwork`` that lists the known names.
  package static func network(named name: String) throws(UnknownNetwork) -> NamedNetwork {
    let base = name.prefix { $0 != "." }
    guard let network = named.first(where: { $0.name == base }) else {
      throw UnknownNetwork(name: name)
    }
    return network
  }

  /// Reads the network that a configuration describes.
  ///
  /// - Parameters:
  ///   - architecture: The name in timm without a tag; empty if the configuration does not say.
  ///   - check: Is given the rules of the family before sizes are read.
  package static func network(
    of configuration: some ConfigurationReader, architecture: String,
    check: (ConfigurationRules) throws(ConfigurationFault) -> Void
  ) throws(ConfigurationFault) -> any NetworkArchitecture {
    let family = all.first { $0.isFamily(ofArchitecture: architecture) } ?? all[0]
    try check(family.configurationRules)
    return try read(family, configuration, architecture)
  }

  private static func members<Family: NetworkArchitecture>(of: Family.Type) -> [NamedNetwork] {
    Family.named.map { NamedNetwork(name: $0.name, architecture: $0.architecture) }
  }

  private static func read<Family: NetworkArchitecture>(
    _ family: Family.Type, _ configuration: some ConfigurationReader, _ architecture: String
  ) throws(ConfigurationFault) -> any NetworkArchitecture {
    let known = Family.named.first { $0.name == architecture }?.architecture
    return try Family(configuration: configuration, named: known, architecture: architecture)
  }
}

/// A name that no known network has.
package struct UnknownNetwork: Error, Equatable, Sendable, CustomStringConvertible {
  package let name: String

  /// Creates the error.
  package init(name: String) { self.name = name }

  /// The diagnostic.
  package var description: String {
    """
    no model is named \(name); \(NearNames.text(for: name)); elsa models lists all that are known
    """
  }
}
