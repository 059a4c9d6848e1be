import SparsityCore

extension DecisionProto {
  /// Converts a decision.
  init(_ decision: Decision) {
    name = decision.name
    kind = decision.kind.rawValue
    choices = decision.choices.map(\.description)
  }
}

extension SearchSpace {
  /// Converts and checks decisions.
  init(_ protos: [DecisionProto]) throws(WireError) {
    let decisions = try list(protos, limit: RunLimits.geneRange.upperBound, "decisions") {
      proto throws(WireError) in try Decision(proto)
    }
    guard RunLimits.geneRange.contains(decisions.count) else {
      throw .invalidField(name: "decisions", diagnostic: "is empty")
    }
    guard Set(decisions.map(\.name)).count == decisions.count else {
      throw .invalidField(name: "decisions", diagnostic: "holds a name twice")
    }
    self.init(decisions: decisions)
  }
}

extension Decision {
  /// Converts and checks a decision.
  init(_ proto: DecisionProto) throws(WireError) {
    let name = try verbatim(proto.name, "decisions")
    guard let kind = DecisionKind(rawValue: proto.kind) else {
      let known = DecisionKind.allCases.map(\.rawValue).joined(separator: ", ")
      let found = cut(try text(proto.kind, "kind"), to: WireLimits.labelSizeMax)
      throw .invalidField(
        name: "kind", diagnostic: "of a decision is \"\(found)\"; this program knows \(known)")
    }
    let choices = try list(proto.choices, limit: RunLimits.choiceRange.upperBound, "choices") {
      value throws(WireError) in
      guard let choice = Choice(try verbatim(value, "choices"), kind: kind) else {
        throw WireError.invalidField(
          name: "choices", diagnostic: "holds a text that is no \(kind.rawValue)")
      }
      return choice
    }
    guard !choices.isEmpty, Set(choices).count == choices.count,
      choices == Decision.ordered(choices)
    else {
      throw .invalidField(
        name: "choices", diagnostic: "must hold different choices, from what computes least on")
    }
    self.init(name: name, choices: choices)
  }
}
