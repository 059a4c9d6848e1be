import SparsityCore

extension RunFile {
  /// A key in which two run files differ.
  package struct Difference: Hashable, Sendable {
    /// The key, as in `search.seed`.
    package let key: String
    /// The value here, as a run file has it; `nil` without the key.
    package let own: String?
    /// The other value.
    package let other: String?
  }

  /// Returns the keys by which this file describes another run than `other`, in the order of a run
  /// file.
  ///
  /// Left out is what may change while a run goes on: the evaluations and the held-out sets.
  /// What this file leaves to the program to decide is no difference, nor is the place of an
  /// accelerator's profile, whose content is what counts.
  package func differences(from other: RunFile) -> [Difference] {
    let own = identifyingEntries
    let others = Dictionary(uniqueKeysWithValues: other.identifyingEntries)
    let isOwn = Set(own.map(\.0))
    var differences: [Difference] = []
    for (key, value) in own where others[key] != value {
      differences.append(Difference(key: key, own: value, other: others[key]))
    }
    for (key, value) in other.identifyingEntries where !isOwn.contains(key) {
      guard !Self.isDecided(key) else { continue }
      differences.append(Difference(key: key, own: nil, other: value))
    }
    return differences
  }

  /// Whether the program fills in a key where a file has none.
  private static func isDecided(_ key: String) -> Bool {
    [Precision.optionName, InstructionSet.optionName].contains(key)
      || key.hasPrefix("\(referencePointKey).")
  }

  /// What makes a run the one that it is, as keys and texts.
  private var identifyingEntries: [(String, String)] {
    var entries = subject.network?.identifyingEntries ?? []
    if let listed = subject.listed { entries.append(("decisions", listed.text)) }
    if let measured { entries.append(("costs", measured.yamlEntries.joined(separator: ", "))) }
    switch data.images {
    case .sets(let search, _): entries.append(("data.search", search))
    case .split(let images, let search, _, let seed):
      entries.append(("data.images", images))
      entries.append(("data.split.search", "\(search)"))
      entries.append(("data.split.seed", "\(seed)"))
    case .counted(let count): entries.append(("data.images", "\(count)"))
    }
    if let calibration = data.calibration { entries.append(("data.calibration", calibration)) }
    entries.append(("data.resize", data.isResized ? "config" : "none"))
    entries.append(("data.skipBroken", "\(data.skipsBroken)"))
    entries.append(("objectives", objectives.map(\.rawValue).joined(separator: ", ")))
    if !constraintTexts.isEmpty {
      entries.append(("constraints", constraintTexts.joined(separator: ", ")))
    }
    entries += referencePointEntries.map { ("\(Self.referencePointKey).\($0)", $1) }
    entries.append(("search.algorithm", search.algorithm.rawValue))
    if search.isGenerational { entries.append(("search.generational", "true")) }
    entries.append(("search.population", "\(search.population)"))
    entries.append(("search.seed", "\(search.seed)"))
    entries.append(("search.mode", search.mode.rawValue))
    if let window = search.window { entries.append(("search.window", "\(window)")) }
    entries.append(("search.dropDominated", "\(search.dropsDominated)"))
    if !search.warmStart.isEmpty {
      entries.append(("search.warmStart", search.warmStart.joined(separator: ", ")))
    }
    entries.append(("fidelity.shardImages", "\(shardImages)"))
    entries.append(("fidelity.earlyStopping", "\(stopsEarly)"))
    entries += evaluatorEntries.map { ("evaluator.\($0)", $1) }
    if let precision { entries.append((Precision.optionName, precision.rawValue)) }
    if let instructionSet {
      entries.append((InstructionSet.optionName, instructionSet.rawValue))
    }
    return entries
  }

  /// Returns the source of the images of a held-out set, as a text, if there is one.
  package func source(of set: HeldOutSet) -> String? {
    switch data.images {
    case .sets(_, let heldOut): heldOut[set]
    case .split(let images, _, let heldOut, _): heldOut[set].map { "\($0) images of \(images)" }
    case .counted: nil
    }
  }

  /// The held-out sets of the run.
  package var heldOutSets: [HeldOutSet] {
    HeldOutSet.allCases.filter { source(of: $0) != nil }
  }

  /// Returns this file with what may change while a run goes on as `other` has it.
  package func adoptingChanges(of other: RunFile) -> RunFile {
    var adopted = self
    adopted.search.evaluations = other.search.evaluations
    adopted.data.allowsOverlap = other.data.allowsOverlap
    switch (data.images, other.data.images) {
    case (.sets(let search, _), .sets(_, let heldOut)):
      adopted.data.images = .sets(search: search, heldOut: heldOut)
    case (.split(let images, let search, _, let seed), .split(_, _, let heldOut, _)):
      adopted.data.images = .split(
        images: images, search: search, heldOut: heldOut, seed: seed)
    default:
      // Another source of the search set is a difference that is refused before.
      break
    }
    return adopted
  }
}

extension RunFile.Difference: CustomStringConvertible {
  /// The difference as text, as in `search.seed is 2, the run has 1`.
  package var description: String {
    let there = other.map { "the run has \($0)" } ?? "the run has none"
    return own.map { "\(key) is \($0), \(there)" } ?? "\(key) is missing, \(there)"
  }
}
