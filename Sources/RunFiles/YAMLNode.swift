/// A value of a YAML document with its place; aliases are replaced by what they stand for.
struct YAMLNode {
  /// What a node holds.
  enum Content {
    case scalar(String)
    case sequence([YAMLNode])
    case mapping([(key: String, place: YAMLPlace, value: YAMLNode)])
  }

  let place: YAMLPlace
  let content: Content
  /// The values in it and below, itself included, as if every alias were written out.
  let size: Int
  /// The levels of nested values, 1 for a scalar.
  let depth: Int
}

/// A line and a column, both from 1.
struct YAMLPlace: Hashable {
  let line: Int
  let column: Int
}

/// What a YAML document may hold at most; beyond it reading ends at once, with a diagnostic.
///
/// The largest profile, of ten thousand measurements, takes a third of each.
enum YAMLLimits {
  /// The bytes of the text.
  static let sizeMax = RunFile.sizeMax
  /// The nested values.
  static let depthMax = 32
  /// The values, aliases written out.
  static let nodeCountMax = 500_000
  /// The lines that begin with %, which may be directives; each is compared with all others.
  static let directiveCountMax = 16
}
