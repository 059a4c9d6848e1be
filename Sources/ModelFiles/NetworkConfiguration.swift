import NetworkArchitectures

/// What a model's `config.json` says of its network.
///
/// Two forms are read: a flat one that holds all sizes (`img_size`, `embed_dim`, …), and that of
/// timm on the Hugging Face hub, whose sizes follow from the architecture's name.
package struct NetworkConfiguration: Sendable {
  /// The model's name in timm, without the tag after its dot; empty if the file does not say.
  package let name: String
  /// The sizes; those in the file come before those of the name.
  package let architecture: any NetworkArchitecture
  /// What the network is made of.
  package let network: Network

  /// Reads a file; its normalisation and preprocessing are not looked at.
  package init(path: String) throws(ModelFileError) {
    let bytes = try readFile(path, limitBytes: ModelConfigurationFile.sizeMax)
    try self.init(ConfigurationKeys(bytes: bytes, path: path))
  }

  /// Returns the name of the architecture that a file states, whatever else is wrong with it; `nil`
  /// if there is none.
  package static func statedName(at path: String) -> String? {
    guard let bytes = try? readFile(path, limitBytes: ModelConfigurationFile.sizeMax),
      case .object(let top)? = try? JSONParser.parse(bytes)
    else { return nil }
    for key in ["architecture", "model_type"] {
      if case .string(let name)? = top[key] { return String(name.prefix(80)) }
    }
    return nil
  }

  init(_ keys: ConfigurationKeys) throws(ModelFileError) {
    (name, architecture) = try keys.reading { () throws(ConfigurationFault) in
      let name = String((try keys.text(["architecture"]) ?? "").prefix { $0 != "." })
      let architecture = try NetworkFamilies.network(
        of: keys, architecture: name, check: keys.check)
      return (name, architecture)
    }
    network = architecture.network
  }
}
