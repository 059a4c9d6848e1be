import AcceleratorModel
import SparsityCore

/// The answer of `estimate --model`; its names are the fields of the JSON.
struct EstimateReport: Encodable {
  /// One step of the forward pass.
  struct Layer: Encodable {
    let name: String
    let pattern: String
    let executedPattern: String
    let cycles: Int64
    let macs: Int64
    let bound: String
  }

  let model: String
  let accelerator: String
  let batch: Int
  let macs: Int64
  let denseMacs: Int64
  let elsaMacs: Int64
  let elsaDenseMacs: Int64
  let latencyCycles: Int64
  let latencySeconds: Double
  let throughputImagesPerSecond: Double
  let bound: String
  let layers: [Layer]

  /// Creates the report of a genome.
  init(model: String, costs: CostModel, genome: Genome) {
    let cost = costs.cost(of: genome)
    let layerCosts = costs.layerCosts(of: genome)
    self.model = model
    accelerator = costs.profile.name
    batch = costs.batch
    macs = cost.macs
    denseMacs = cost.denseMacs
    elsaMacs = cost.elsaMacs
    elsaDenseMacs = cost.elsaDenseMacs
    latencyCycles = cost.latencyCycles
    latencySeconds = cost.latencySeconds
    throughputImagesPerSecond = cost.throughputImagesPerSecond
    bound = Self.mostTimeConsumingBound(layerCosts)
    layers = layerCosts.map {
      Layer(
        name: $0.name, pattern: $0.pattern.description,
        executedPattern: $0.executedPattern.description, cycles: $0.cycles, macs: $0.macs,
        bound: $0.bound.rawValue)
    }
  }

  private static func mostTimeConsumingBound(_ layers: [LayerCost]) -> String {
    let cycles = Bound.allCases.map { bound in
      (bound, layers.filter { $0.bound == bound }.reduce(0) { $0 + $1.cycles })
    }
    return cycles.max { $0.1 < $1.1 }?.0.rawValue ?? ""
  }

  /// The report for people: a line a layer, then totals beside those of the dense model.
  func lines(profile: AcceleratorProfile, dense: Cost) -> [String] {
    var table = TextTable([
      ("layer", .left), ("pattern", .left), ("cycles", .right), ("share", .right),
      ("MACs/image", .right), ("bound", .left),
    ])
    for layer in layers {
      table.append([
        layer.name, layer.pattern, NumberFormat.grouped(layer.cycles),
        NumberFormat.percent(Double(layer.cycles) / Double(latencyCycles)),
        NumberFormat.scaled(layer.macs), layer.bound,
      ])
    }
    let speedup = Double(dense.latencyCycles) / Double(latencyCycles)
    return ["\(model) on \(profile), batch \(batch)", ""] + table.lines + [
      "",
      "latency     \(NumberFormat.grouped(latencyCycles)) cycles, "
        + "\(NumberFormat.fixed(latencySeconds * 1e3, 3)) ms "
        + "(dense: \(NumberFormat.fixed(dense.latencySeconds * 1e3, 3)) ms)",
      "throughput  \(NumberFormat.fixed(throughputImagesPerSecond, 1)) images/s "
        + "(\(NumberFormat.fixed(speedup, 2))× dense)",
      "MACs        \(NumberFormat.scaled(macs)) of \(NumberFormat.scaled(denseMacs)) an image; "
        + "as the ELSA paper counts: \(NumberFormat.scaled(elsaMacs)) "
        + "of \(NumberFormat.scaled(elsaDenseMacs))",
    ]
  }
}
