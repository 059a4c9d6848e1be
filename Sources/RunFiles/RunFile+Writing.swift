import AcceleratorModel
import SparsityCore

extension RunFile {
  /// The run file with every default written out, as a run directory keeps it.
  ///
  /// Reading it gives an equal value.
  package var yaml: String {
    var lines: [String] = []
    switch subject {
    case .network(let network):
      lines += network.yamlLines
      if let measured { lines.append("costs: {\(measured.yamlEntries.joined(separator: ", "))}") }
    case .listed(let decisions): lines += decisions.yamlLines(measured: measured)
    }
    lines.append("data: {\(dataEntries.joined(separator: ", "))}")
    lines.append("objectives: [\(objectives.map(\.rawValue).joined(separator: ", "))]")
    if !constraintTexts.isEmpty { lines.append("constraints: {\(constraintEntries)}") }
    if !referencePoint.isEmpty {
      let entries = referencePointEntries.map { "\($0): \($1)" }
      lines.append("\(Self.referencePointKey): {\(entries.joined(separator: ", "))}")
    }
    lines.append(
      "search: {algorithm: \(search.algorithm.rawValue), "
        + (search.isGenerational ? "generational: true, " : "")
        + "population: \(search.population), "
        + "evaluations: \(search.evaluations), seed: \(search.seed), mode: \(search.mode.rawValue)"
        + (search.window.map { ", window: \($0)" } ?? "")
        + ", dropDominated: \(search.dropsDominated)"
        + (search.warmStart.isEmpty
          ? ""
          : ", warmStart: [\(search.warmStart.map(ProfileValue.quoted).joined(separator: ", "))]")
        + "}")
    lines.append("fidelity: {shardImages: \(shardImages), earlyStopping: \(stopsEarly)}")
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
    if case .network(var network) = subject {
      network.model.weights = resolve(network.model.weights)
      network.model.config = network.model.config.map(resolve)
      for place in network.accelerators.indices where network.accelerators[place].isFile {
        network.accelerators[place].profile = resolve(network.accelerators[place].profile)
      }
      resolved.subject = .network(network)
    }
    resolved.search.warmStart = search.warmStart.map(resolve)
    resolved.data.calibration = data.calibration.map(resolve)
    resolved.data.classMap = data.classMap.map(resolve)
    switch data.images {
    case .sets(let search, let heldOut):
      resolved.data.images = .sets(
        search: resolve(search), heldOut: heldOut.mapValues(resolve))
    case .split(let images, let search, let heldOut, let seed):
      resolved.data.images = .split(
        images: resolve(images), search: search, heldOut: heldOut, seed: seed)
    case .counted: break
    }
    return resolved
  }

  private var dataEntries: [String] {
    var entries: [String]
    switch data.images {
    case .sets(let search, let heldOut):
      entries = ["search: \(ProfileValue.quoted(search))"]
      for set in HeldOutSet.allCases {
        if let path = heldOut[set] {
          entries.append("\(set.rawValue): \(ProfileValue.quoted(path))")
        }
      }
    case .split(let images, let search, let heldOut, let seed):
      let parts = HeldOutSet.allCases.compactMap { set in
        heldOut[set].map { "\(set.rawValue): \($0), " }
      }
      entries = [
        "images: \(ProfileValue.quoted(images))",
        "split: {search: \(search), \(parts.joined())seed: \(seed)}",
      ]
    case .counted(let count): entries = ["images: \(count)"]
    }
    if let calibration = data.calibration {
      entries.append("calibration: \(ProfileValue.quoted(calibration))")
    }
    if case .counted = data.images {
      return entries + (data.calibration == nil ? [] : ["skipBroken: \(data.skipsBroken)"])
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
    switch accuracyBound {
    case .atLeast(let share): sides[.accuracy] = ["atLeast: \(share)"]
    case .lossAtMost(let points): sides[.accuracy] = ["lossAtMost: \(points) points"]
    case nil: break
    }
    return Objective.all(on: subject.acceleratorNames).compactMap { objective in
      sides[objective].map { "\(objective.rawValue): {\($0.joined(separator: ", "))}" }
    }.joined(separator: ", ")
  }

  /// Returns a value in the objective's own unit.
  static func absolute(_ value: Double, of objective: Objective) -> String {
    switch objective.quantity {
    case .macs: "\(value) MACs"
    case .latency: "\(value) s"
    case .energy: "\(value) J"
    case .weightBytes: "\(value) B"
    default: "\(value) img/s"
    }
  }
}
