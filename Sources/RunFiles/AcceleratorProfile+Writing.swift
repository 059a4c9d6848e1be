import AcceleratorModel

extension AcceleratorProfile {
  /// The profile in YAML, with the source of each parameter.
  ///
  /// Reading it gives an equal value.
  package var yaml: String {
    var lines: [String] = []
    for entry in documentWithSources {
      switch entry.value {
      case .mapping(let entries) where entry.key == "sources":
        lines.append("sources:")
        lines += entries.map { "  \(ProfileValue.quoted($0.key)): \($0.value.json)" }
      case .mapping(let entries):
        lines.append("\(entry.key):")
        lines += entries.map { "  \($0.key): \(Self.flow($0.value))" }
      case .list(let values) where !values.isEmpty && entry.key != "storage":
        lines.append("\(entry.key):")
        lines += values.map { "  - \(Self.flow($0))" }
      default:
        lines.append("\(entry.key): \(Self.flow(entry.value))")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The profile in JSON on one line, with the source of each parameter; reading it gives an equal
  /// value.
  package var json: String { ProfileValue.mapping(documentWithSources).json }

  private var documentWithSources: [ProfileEntry] {
    var entries = document
    if !summary.isEmpty { entries.insert(ProfileEntry("description", .text(summary)), at: 2) }
    if !sources.isEmpty {
      let known = parameters.compactMap { parameter in
        sources[parameter.path].map { ProfileEntry(parameter.path, .text($0)) }
      }
      entries.append(ProfileEntry("sources", .mapping(known)))
    }
    return entries
  }

  /// Returns a value on one line, with words bare where they can be.
  private static func flow(_ value: ProfileValue) -> String {
    switch value {
    case .literal(let text): return text
    case .text(let text):
      let isWord =
        text.first?.isLetter == true
        && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        && !["true", "false", "null", "yes", "no", "on", "off"].contains(text.lowercased())
      return isWord ? text : ProfileValue.quoted(text)
    case .list(let values): return "[\(values.map(flow).joined(separator: ", "))]"
    case .mapping(let entries):
      return "{\(entries.map { "\($0.key): \(flow($0.value))" }.joined(separator: ", "))}"
    }
  }
}
