import AcceleratorModel
import SparsityCore

extension RunFile {
  /// What genomes decide about, and where their costs come from.
  package enum Subject: Hashable, Sendable {
    /// A network that Elsa knows, on an accelerator that it has a model of.
    case network(NetworkSubject)
    /// Decisions that are listed with their costs; only an evaluator knows what they mean.
    case listed(ListedDecisions)

    /// The network, if there is one.
    package var network: NetworkSubject? {
      if case .network(let network) = self { network } else { nil }
    }

    /// The decisions, if they are listed.
    package var listed: ListedDecisions? {
      if case .listed(let decisions) = self { decisions } else { nil }
    }
  }

  /// What a run file says of a network.
  package struct NetworkSubject: Hashable, Sendable {
    /// The checkpoint.
    package var model: Model
    /// The patterns that each layer may take.
    package var patterns: LayerPatterns
    /// The decisions that are made already, by name, and what they choose.
    package var fixed: [String: String]
    /// How weights are chosen.
    package var pruning: Pruning
    /// Whose costs count: one, or several with names.
    package var accelerators: [Accelerator]

    /// The keys of a run file that are about a network.
    static let keys = ["model", "patterns", "fixed", "pruning", "accelerator", "accelerators"]
  }
}

// MARK: - Reading

extension RunFile.Subject {
  /// Reads what is decided about.
  init(_ sections: [String: YAMLValue], root: YAMLValue) throws(RunFileError) {
    guard let decisions = sections["decisions"] else {
      self = .network(try RunFile.NetworkSubject(sections, root: root))
      return
    }
    for key in RunFile.NetworkSubject.keys {
      if let extra = sections[key] {
        throw extra.error(
          "\(key) cannot stand beside decisions, of which only the evaluator knows what they are "
            + "about; remove one of the two")
      }
    }
    self = .listed(try ListedDecisions(decisions, costs: sections["costs"]))
  }

  /// Refuses images that such a subject has no use for.
  func check(_ data: RunFile.Data, section: YAMLValue) throws(RunFileError) {
    switch self {
    case .listed:
      guard case .counted = data.images, data.calibration == nil else {
        throw section.error(
          "beside decisions data has the number of images alone, as in data: {images: 450}; the "
            + "evaluator reads them")
      }
    case .network(let network):
      let pruning = network.pruning
      if pruning.needsCalibration == (data.calibration != nil) { return }
      let word = "pruning \(pruning.rawValue)"
      throw section.error(
        pruning.needsCalibration
          ? "\(word) needs images to calibrate with; name some: data.calibration"
          : "data.calibration has no use: \(word) needs no images; remove the key")
    }
  }
}

extension RunFile.NetworkSubject {
  init(_ sections: [String: YAMLValue], root: YAMLValue) throws(RunFileError) {
    guard let model = sections["model"] else { throw root.missing("model") }
    self.model = try RunFile.Model(model)
    guard let patterns = sections["patterns"] else { throw root.missing("patterns") }
    self.patterns = try LayerPatterns(patterns)
    fixed = [:]
    for (key, value) in try sections["fixed"]?.entries() ?? [] {
      fixed[key] = try value.string()
    }
    pruning = try sections["pruning"]?.choice(RunFile.Pruning.self) ?? .magnitude
    accelerators = try RunFile.Accelerator.all(sections)
  }
}

// MARK: - Writing

extension RunFile.NetworkSubject {
  /// The lines of a run file.
  var yamlLines: [String] {
    let entries = [("weights", model.weights)] + model.optionalEntries
    let model = entries.map { "\($0): \(ProfileValue.quoted($1))" }.joined(separator: ", ")
    var lines = ["model: {\(model)}"]
    lines.append("patterns: \(patterns.yaml)")
    if !fixed.isEmpty {
      let entries = fixed.sorted { $0.key < $1.key }.map {
        "\(ProfileValue.quoted($0)): \(ProfileValue.quoted($1))"
      }
      lines.append("fixed: {\(entries.joined(separator: ", "))}")
    }
    lines.append("pruning: \(pruning.rawValue)")
    lines.append(accelerators.yamlLine)
    return lines
  }

  /// What makes a run the one that it is, as keys and texts.
  var identifyingEntries: [(String, String)] {
    var entries = [("model.weights", model.weights)]
    entries += model.optionalEntries.map { ("model.\($0)", $1) }
    entries.append(("patterns", patterns.description))
    for (name, choice) in fixed.sorted(by: { $0.key < $1.key }) {
      entries.append(("fixed.\(name)", choice))
    }
    entries.append(("pruning", pruning.rawValue))
    return entries + accelerators.identifyingEntries
  }
}

extension RunFile.Model {
  /// What is said beside the weights, as keys and texts.
  fileprivate var optionalEntries: [(String, String)] {
    let values = [("config", config), ("architecture", architecture), ("prefix", prefix)]
    return values.compactMap { key, value in value.map { (key, $0) } }
  }
}
