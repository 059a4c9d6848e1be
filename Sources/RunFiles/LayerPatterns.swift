import AcceleratorModel
import NetworkArchitectures
import SparsityCore

/// Which patterns a search may give the weights of each layer.
package struct LayerPatterns: Hashable, Sendable {
  /// The patterns of the layers whose names a glob matches.
  package struct Rule: Hashable, Sendable {
    /// The glob: `*` stands for any characters, also for none.
    package var glob: String
    /// The patterns, from sparsest to densest.
    package var patterns: [NMPattern]

    package init(glob: String, patterns: [NMPattern]) {
      self.glob = glob
      self.patterns = patterns.sorted()
    }
  }

  /// The patterns of layers that no rule is about, from sparsest to densest.
  package var standard: [NMPattern]
  /// The rules, of which the last that matches a layer wins.
  package var rules: [Rule]

  package init(standard: [NMPattern], rules: [Rule] = []) {
    self.standard = standard.sorted()
    self.rules = rules
  }
}

extension RunFile.NetworkSubject {
  /// Returns what a search over a network decides about: the patterns of each prunable layer, and
  /// one choice alone where the file fixes it.
  ///
  /// - Throws: ``RunFileError`` if a rule matches no layer, if a fixed decision is not of the
  ///   network, or if nothing is left to decide.
  package func searchSpace(of network: Network, file: String) throws(RunFileError) -> SearchSpace {
    let layers = network.prunableLayers
    for rule in patterns.rules where !layers.contains(where: { rule.matches($0.name) }) {
      throw RunFileError(
        file: file,
        message: "patterns: \"\(excerpt(rule.glob))\" matches no layer of the model; its layers "
          + "are \(Self.shown(layers.map(\.name)))")
    }
    var decisions = layers.map { layer in
      let rule = patterns.rules.last { $0.matches(layer.name) }
      let choices = (rule?.patterns ?? patterns.standard).map { Choice.pattern($0) }
      return Decision(name: layer.name, choices: choices)
    }
    for (name, text) in fixed.sorted(by: { $0.key < $1.key }) {
      guard let place = decisions.firstIndex(where: { $0.name == name }) else {
        throw RunFileError(
          file: file,
          message: "fixed: the model has no decision \"\(excerpt(name))\"; there are "
            + Self.shown(decisions.map(\.name)))
      }
      let kind = decisions[place].kind
      guard let choice = Choice(text, kind: kind) else {
        throw RunFileError(
          file: file,
          message: "fixed: \"\(excerpt(text))\" is no \(kind.rawValue), which \(name) takes; "
            + "write N:M, as in 2:4")
      }
      decisions[place] = Decision(name: name, choices: [choice])
    }
    guard decisions.contains(where: { $0.choices.count > 1 }) else {
      throw RunFileError(
        file: file,
        message: "patterns and fixed leave one choice everywhere, so there is nothing to search")
    }
    return SearchSpace(decisions: decisions)
  }

  private static func shown(_ names: [String]) -> String {
    names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", …" : "")
  }
}

extension LayerPatterns.Rule {
  /// Whether the rule is about a layer.
  package func matches(_ name: String) -> Bool {
    // The usual greedy walk: on a mismatch, the last star takes one character more.
    let (glob, name) = (Array(glob.utf8), Array(name.utf8))
    var (g, n) = (0, 0)
    var star: (glob: Int, name: Int)?
    while n < name.count {
      if g < glob.count, glob[g] == UInt8(ascii: "*") {
        star = (g, n)
        g += 1
      } else if g < glob.count, glob[g] == name[n] {
        g += 1
        n += 1
      } else if let last = star {
        star = (last.glob, last.name + 1)
        (g, n) = (last.glob + 1, last.name + 1)
      } else {
        return false
      }
    }
    return glob[g...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}

// MARK: - Reading and writing

extension LayerPatterns {
  /// The key of the patterns that hold where no rule does.
  private static let standardKey = "default"

  init(_ value: YAMLValue) throws(RunFileError) {
    guard !value.isSequence, value.scalar == nil else {
      let patterns = try Self.list(value)
      guard patterns.count >= 2 else {
        throw value.error("one pattern leaves nothing to search; give at least two")
      }
      self.init(standard: patterns)
      return
    }
    var standard: [NMPattern]?
    var rules: [Rule] = []
    for (key, value) in try value.entries() {
      let patterns = try Self.list(value)
      if key == Self.standardKey {
        standard = patterns
      } else {
        rules.append(Rule(glob: key, patterns: patterns))
      }
    }
    guard let standard else { throw value.missing(Self.standardKey) }
    self.init(standard: standard, rules: rules)
  }

  private static func list(_ value: YAMLValue) throws(RunFileError) -> [NMPattern] {
    var patterns: [NMPattern] = []
    for entry in try value.sequence() {
      let text = try entry.string()
      guard let pattern = NMPattern(text), [4, 8, 16].contains(pattern.groupSize) else {
        throw entry.error(
          "\"\(excerpt(text))\" is no pattern; write N:M with M one of 4, 8, 16 and 1 ≤ N ≤ M")
      }
      guard !patterns.contains(pattern) else { throw entry.error("\(pattern) is given twice") }
      patterns.append(pattern)
    }
    guard patterns.filter(\.isDense).count <= 1 else {
      throw value.error("several patterns keep every weight; one of them is enough")
    }
    return patterns
  }

  /// The value as a run file writes it.
  var yaml: String {
    func list(_ patterns: [NMPattern]) -> String {
      "[\(patterns.map { "\"\($0)\"" }.joined(separator: ", "))]"
    }
    guard !rules.isEmpty else { return list(standard) }
    let entries = rules.map { "\(ProfileValue.quoted($0.glob)): \(list($0.patterns))" }
    return "{\(Self.standardKey): \(list(standard)), \(entries.joined(separator: ", "))}"
  }
}

extension LayerPatterns: CustomStringConvertible {
  /// The patterns of layers without a rule, and each rule behind its glob.
  package var description: String {
    func list(_ patterns: [NMPattern]) -> String {
      patterns.map(\.description).joined(separator: ", ")
    }
    return ([list(standard)] + rules.map { "\($0.glob): \(list($0.patterns))" })
      .joined(separator: "; ")
  }
}
