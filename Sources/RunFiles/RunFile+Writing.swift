import AcceleratorModel
import SparsityCore

extension RunFile {
  /// The run file with every default written out, as a run directory keeps it.
  ///
  /// Reading it gives an equal value.
  package var yaml: String {
    var lines = ["model: {\(modelEntries.joined(separator: ", "))}"]
    lines.append("data: {\(dataEntries.joined(separator: ", "))}")
    lines.append("patterns: \(patterns.yaml)")
    if !fixed.isEmpty {
      let entries = fixed.sorted { $0.key < $1.key }.map {
        "\(ProfileValue.quoted($0)): \(ProfileValue.quoted($1))"
      }
      lines.append("fixed: {\(entries.joined(separator: ", "))}")
    }
    lines.append("pruning: \(pruning.rawValue)")
    lines.append(
      "accelerator: {profile: \(ProfileValue.quoted(accelerator.profile)), "
        + "batch: \(accelerator.batch)}")
    lines.append("objectives: [\(objectives.map(\.rawValue).joined(separator: ", "))]")
    if !constraints.isEmpty { lines.append("constraints: {\(constraintEntries)}") }
    lines.append(
      "search: {algorithm: \(search.algorithm.rawValue), population: \(search.population), "
        + "evaluations: \(search.evaluations), seed: \(search.seed), mode: \(search.mode.rawValue)"
        + (search.window.map { ", window: \($0)" } ?? "")
        + ", dropDominated: \(search.dropsDominated)}")
    lines.append("fidelity: {shardImages: \(shardImages), earlyStopping: false}")
    if evaluator != nil {
      let entries = evaluatorEntries.map { "\($0): \(ProfileValue.quoted($1))" }
      lines.append("evaluator: {\(entries.joined(separator: ", "))}")
    }
    if let precision { lines.append("\(Precision.optionName): \(precision.rawValue)") }
    if let instructionSet {
      lines.append("\(InstructionSet.optionName): \(instructionSet.rawValue)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Returns the run file with relative paths replaced by what `resolve` makes of them.
  package func resolvingPaths(_ resolve: (String) -> String) -> RunFile {
    var resolved = self
    resolved.model.weights = resolve(model.weights)
    resolved.model.config = model.config.map(resolve)
    if accelerator.isFile { resolved.accelerator.profile = resolve(accelerator.profile) }
    resolved.data.calibration = data.calibration.map(resolve)
    resolved.data.classMap = data.classMap.map(resolve)
    switch data.images {
    case .sets(let search, let test):
      resolved.data.images = .sets(search: resolve(search), test: test.map(resolve))
    case .split(let images, let search, let test, let seed):
      resolved.data.images = .split(
        images: resolve(images), search: search, test: test, seed: seed)
    }
    return resolved
  }

  private var modelEntries: [String] {
    ["weights: \(ProfileValue.quoted(model.weights))"]
      + (model.config.map { ["config: \(ProfileValue.quoted($0))"] } ?? [])
  }

  private var dataEntries: [String] {
    var entries: [String]
    switch data.images {
    case .sets(let search, let test):
      entries = ["search: \(ProfileValue.quoted(search))"]
      if let test { entries.append("test: \(ProfileValue.quoted(test))") }
    case .split(let images, let search, let test, let seed):
      entries = [
        "images: \(ProfileValue.quoted(images))",
        "split: {search: \(search), test: \(test), seed: \(seed)}",
      ]
    }
    if let calibration = data.calibration {
      entries.append("calibration: \(ProfileValue.quoted(calibration))")
    }
    entries.append("resize: \(data.isResized ? "config" : "none")")
    if let classMap = data.classMap { entries.append("classMap: \(ProfileValue.quoted(classMap))") }
    entries.append("allowOverlap: \(data.allowsOverlap)")
    entries.append("skipBroken: \(data.skipsBroken)")
    return entries
  }

  private var constraintEntries: String {
    var sides: [Objective: [String]] = [:]
    for constraint in constraints {
      let limit =
        switch constraint.limit {
        case .relativeToDense(let factor): "\(factor)"
        case .absolute(let value): Self.absolute(value, of: constraint.objective)
        }
      sides[constraint.objective, default: []].append("\(constraint.bound.rawValue): \(limit)")
    }
    return Objective.allCases.compactMap { objective in
      sides[objective].map { "\(objective.rawValue): {\($0.joined(separator: ", "))}" }
    }.joined(separator: ", ")
  }

  private static func absolute(_ value: Double, of objective: Objective) -> String {
    switch objective {
    case .macs: "\(value) MACs"
    case .latency: "\(value) s"
    case .energy: "\(value) J"
    case .weightBytes: "\(value) B"
    default: "\(value) img/s"
    }
  }
}
