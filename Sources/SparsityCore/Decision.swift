/// What a decision is about; the raw value is its name in files and on the wire.
///
/// A new kind is a case here and one of ``Choice``, and whatever its choices mean to weights,
/// costs and inference.
package enum DecisionKind: String, CaseIterable, Hashable, Sendable {
  /// The N:M pattern of a layer's weights; the decision has the layer's name in timm.
  case pattern
}

/// One of the things that a decision may choose; its text is the same everywhere.
package enum Choice: Hashable, Sendable {
  /// Weights take a pattern.
  case pattern(NMPattern)

  /// Reads the text of a choice, as in `2:4`; `nil` if it is none of the kind.
  package init?(_ text: some StringProtocol, kind: DecisionKind) {
    switch kind {
    case .pattern:
      guard let pattern = NMPattern(text) else { return nil }
      self = .pattern(pattern)
    }
  }

  /// What decisions with such a choice are about.
  package var kind: DecisionKind {
    switch self {
    case .pattern: .pattern
    }
  }

  /// The pattern, if weights take one.
  package var pattern: NMPattern? {
    switch self {
    case .pattern(let pattern): pattern
    }
  }
}

extension Choice: CustomStringConvertible {
  /// The text that hashes, files and messages hold.
  package var description: String {
    switch self {
    case .pattern(let pattern): pattern.description
    }
  }
}

extension Choice: Comparable {
  /// Orders choices of a kind from what computes least to what computes most.
  package static func < (lhs: Self, rhs: Self) -> Bool {
    switch (lhs, rhs) {
    case (.pattern(let lhs), .pattern(let rhs)): lhs < rhs
    }
  }
}

/// Something that a search decides about: one gene of its genomes.
package struct Decision: Hashable, Sendable {
  /// The name, as in `blocks.3.mlp.fc1`.
  package let name: String
  /// What may be chosen, from what computes least to what computes most.
  package let choices: [Choice]

  /// Creates a decision; choices are sorted.
  ///
  /// - Precondition: as many choices as ``RunLimits/choiceRange`` allows, of one kind, none twice.
  package init(name: String, choices: [Choice]) {
    precondition(RunLimits.choiceRange.contains(choices.count))
    precondition(Set(choices).count == choices.count)
    precondition(Set(choices.map(\.kind)).count == 1)
    self.name = name
    self.choices = choices.sorted()
  }

  /// What the decision is about.
  package var kind: DecisionKind { choices[0].kind }

  /// The patterns among the choices: all of them, if weights are decided about.
  package var patterns: [NMPattern] { choices.compactMap(\.pattern) }
}
