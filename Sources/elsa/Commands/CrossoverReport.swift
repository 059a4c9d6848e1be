import AcceleratorModel
import RunPreparation
import SparsityCore
import TextReports

/// The answer of `estimate --crossovers`.
struct CrossoverReport: Encodable {
  /// Patterns of equal cycles.
  struct Group: Encodable {
    let cycles: Int64
    let patterns: [String]
  }

  /// One layer.
  struct Layer: Encodable {
    let name: String
    let groups: [Group]
    /// The patterns that a denser one of no more cycles makes needless.
    let dropped: [String]
  }

  let model: String
  let accelerator: String
  let batch: Int
  let patterns: [String]
  let layers: [Layer]

  /// Compares the patterns of every prunable layer.
  init(
    model: ModelReference, patterns: [NMPattern], profile: AcceleratorProfile, batch: Int
  ) throws {
    let space = SearchSpace(layers: model.network.prunableLayers, patterns: patterns)
    let costs = try computingCosts(of: model.source) {
      try CostModel(network: model.network, space: space, profile: profile, batch: batch)
    }
    self.model = model.name
    accelerator = profile.name
    self.batch = batch
    self.patterns = patterns.sorted().map(\.description)
    layers = costs.crossovers().map { crossover in
      Layer(
        name: crossover.layer,
        groups: crossover.groups.map {
          Group(cycles: $0.cycles, patterns: $0.patterns.map(\.description))
        },
        dropped: crossover.dominated.map(\.pattern.description))
    }
  }

  /// Prints the report.
  func print(json: Bool) throws {
    if json { return try Output.json(self) }
    var table = TextTable([
      ("layer", .left), ("cycles by pattern, equal ones together", .left),
      ("buys no time", .left),
    ])
    for layer in layers {
      let groups = layer.groups.map {
        "\($0.patterns.joined(separator: " = ")): \(NumberFormat.grouped($0.cycles))"
      }
      table.append([
        layer.name, groups.joined(separator: "; "), layer.dropped.joined(separator: " "),
      ])
    }
    Output.result("\(model) on \(accelerator), batch \(batch)")
    Output.result("")
    table.lines.forEach(Output.result)
    let count = layers.reduce(0) { $0 + $1.dropped.count }
    Output.result("")
    Output.result(
      "\(count) of \(counted(layers.count * patterns.count, "choice")) cost no less than a denser "
        + "pattern")
  }
}
