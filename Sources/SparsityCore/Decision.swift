/// What a decision is about; the raw value is its name in files and on the wire.
///
/// A new kind is a case here and one of ``Choice``, and whatever its choices mean to weights,
/// costs and inference.
package enum DecisionKind: String, CaseIterable, Hashable, Sendable {
  /// The N:M pattern of a layer's weights; the decision has the layer's name in timm.
  case pattern
  /// Anything with a name, of which only an evaluator from outside knows what it means.
  case categorical

  /// Whether choices have an order of their own; else it is that in which they are listed.
  package var isOrdered: Bool {
    switch self {
    case .pattern: true
    case .categorical: false
    }
  }
}

/// One of the things that a decision may choose; its text is the same everywhere.
package enum Choice: Hashable, Sendable {
  /// Weights take a pattern.
  case pattern(NMPattern)
  /// One of the names of a list.
  case category(String)

  /// Reads the text of a choice, as in `2:4`; `nil` if it is none of the kind.
  package init?(_ text: some StringProtocol, kind: DecisionKind) {
    switch kind {
    case .pattern:
      guard let pattern = NMPattern(text) else { return nil }
      self = .pattern(pattern)
    case .categorical:
      guard Self.isCategory(text) else { return nil }
      self = .category(String(text))
    }
  }

  /// Whether a text may be a name of a list or of a decision: what canonical texts separate names
  /// with is not in it, and it is short enough for a table.
  package static func isCategory(_ text: some StringProtocol) -> Bool {
    categorySizeRange.contains(text.utf8.count)
      && text.utf8.allSatisfy {
        $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "=")
      }
  }

  /// The bytes of a name of a list.
  package static let categorySizeRange = 1...64
  /// What such a name must be, for errors.
  package static let categoryDescription =
    "1 to 64 bytes without spaces, semicolons and equals signs"

  /// What decisions with such a choice are about.
  package var kind: DecisionKind {
    switch self {
    case .pattern: .pattern
    case .category: .categorical
    }
  }

  /// The pattern, if weights take one.
  package var pattern: NMPattern? {
    switch self {
    case .pattern(let pattern): pattern
    case .category: nil
    }
  }
}

extension Choice: CustomStringConvertible {
  /// The text that hashes, files and messages hold.
  package var description: String {
    switch self {
    case .pattern(let pattern): pattern.description
    case .category(let name): name
    }
  }
}

/// Something that a search decides about: one gene of its genomes.
package struct Decision: Hashable, Sendable {
  /// The name, as in `blocks.3.mlp.fc1`.
  package let name: String
  /// What may be chosen, from what computes least to what computes most; names of a list in the
  /// order of the list.
  package let choices: [Choice]

  /// Creates a decision; patterns are sorted.
  ///
  /// - Precondition: as many choices as ``RunLimits/choiceRange`` allows, of one kind, none twice.
  package init(name: String, choices: [Choice]) {
    precondition(RunLimits.choiceRange.contains(choices.count))
    precondition(Set(choices).count == choices.count)
    precondition(Set(choices.map(\.kind)).count == 1)
    self.name = name
    self.choices = Self.ordered(choices)
  }

  /// Returns choices of one kind in the order of their kind.
  package static func ordered(_ choices: [Choice]) -> [Choice] {
    let patterns = choices.compactMap(\.pattern)
    return patterns.count == choices.count ? patterns.sorted().map { .pattern($0) } : choices
  }

  /// What the decision is about.
  package var kind: DecisionKind { choices[0].kind }

  /// The patterns among the choices: all of them, if weights are decided about.
  package var patterns: [NMPattern] { choices.compactMap(\.pattern) }
}
