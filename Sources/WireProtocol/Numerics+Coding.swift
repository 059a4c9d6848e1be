import SparsityCore

extension NumericsProto {
  /// Converts numerics.
  init(_ numerics: Numerics) {
    backend = numerics.backend.name
    version = numerics.backend.version
    options = parameterProtos(numerics.options)
  }
}

extension Numerics {
  /// Converts and checks numerics.
  init(_ proto: NumericsProto) throws(WireError) {
    let options = try namedValues(
      proto.options, limit: Numerics.optionCountMax, "options", check: term)
    self.init(
      backend: try Backend(wireName: proto.backend, version: proto.version), options: options)
  }
}

extension OfferProto {
  /// Converts an offer; options are sorted by name.
  init(_ offer: BackendOffer) {
    backend = offer.backend.name
    version = offer.backend.version
    options = offer.values.sorted { $0.key < $1.key }.map { name, values in
      OptionProto.with {
        $0.name = name
        $0.values = values
      }
    }
  }
}

extension BackendOffer {
  /// Converts and checks an offer.
  init(_ proto: OfferProto) throws(WireError) {
    guard proto.options.count <= Numerics.optionCountMax else {
      throw .invalidField(name: "options", diagnostic: "has \(proto.options.count) entries")
    }
    var values: [String: [String]] = [:]
    for option in proto.options {
      let name = try term(option.name, "options")
      let allowed = try list(option.values, limit: Self.valueCountMax, "values") {
        value throws(WireError) in try term(value, "values")
      }
      guard values.updateValue(allowed, forKey: name) == nil else {
        throw .invalidField(name: "options", diagnostic: "holds a name twice")
      }
    }
    self.init(
      backend: try Backend(wireName: proto.backend, version: proto.version), values: values)
  }
}

extension Backend {
  /// Checks a name and a version.
  fileprivate init(wireName name: String, version: String) throws(WireError) {
    self.init(name: try term(name, "backend"), version: try term(version, "version"))
  }
}

/// Returns a name, a version or a value of numerics.
///
/// - Throws: ``WireError/invalidField(name:diagnostic:)``.
private func term(_ value: String, _ name: String) throws(WireError) -> String {
  guard Numerics.isTerm(value) else {
    throw .invalidField(
      name: name,
      diagnostic: "is a text of \(value.utf8.count) bytes that cannot name anything about numerics")
  }
  return value
}
