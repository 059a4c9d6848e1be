import AcceleratorModel
import Coordination
import SparsityCore
import TextReports

/// The answer of `estimate --model`; its names are the fields of the JSON.
struct EstimateReport: Encodable {
  /// One step of the forward pass.
  struct Layer: Encodable {
    let name: String
    let pattern: String
    let executedPattern: String
    let cycles: Int64
    let stallCycles: Int64
    let macs: Int64
    let weightBytes: Int64
    let dramBytes: Int64
    let energyJoules: Double?
    let bound: String
    /// Where the time comes from; absent for profiles that measure nothing.
    let evidence: String?
  }

  let model: String
  let accelerator: String
  let acceleratorHash: String
  let batch: Int
  let macs: Int64
  let denseMacs: Int64
  let elsaMacs: Int64
  let elsaDenseMacs: Int64
  let weightBytes: Int64
  let denseWeightBytes: Int64
  let activationBytes: Int64
  let dramBytes: Int64
  let latencyCycles: Int64
  let latencySeconds: Double
  let stallCycles: Int64
  let throughputImagesPerSecond: Double
  let energyJoulesPerImage: Double?
  let averagePowerWatts: Double?
  let bound: String
  /// The latency at the tenth and ninetieth percentile of measurements; absent without any.
  let latencySecondsLow: Double?
  let latencySecondsHigh: Double?
  /// The share of the time that was not measured as such; absent without measurements.
  let interpolatedShare: Double?
  let extrapolatedShare: Double?
  /// What a worker reports to a coordinator as the cost of the genome, by the protocol's names.
  let costs: [String: Int64]
  let layers: [Layer]

  init(model: String, costs: CostModel, genome: Genome) {
    let cost = costs.cost(of: genome)
    let layerCosts = costs.layerCosts(of: genome)
    let profile = costs.profile
    self.model = model
    accelerator = profile.name
    acceleratorHash = profile.contentHash.description
    batch = costs.batch
    macs = cost.macs
    denseMacs = cost.denseMacs
    elsaMacs = cost.elsaMacs
    elsaDenseMacs = cost.elsaDenseMacs
    weightBytes = cost.weightBytes
    denseWeightBytes = costs.denseCost.weightBytes
    activationBytes = costs.activationBytes
    dramBytes = layerCosts.reduce(0) { $0 + $1.memoryBytes }
    latencyCycles = cost.latencyCycles
    latencySeconds = cost.latencySeconds
    stallCycles = layerCosts.reduce(0) { $0 + $1.stallCycles }
    throughputImagesPerSecond = cost.throughputImagesPerSecond
    energyJoulesPerImage = cost.energyJoulesPerImage
    averagePowerWatts = cost.averagePowerWatts
    bound = Self.mostTimeConsumingBound(layerCosts)
    self.costs = Dictionary(uniqueKeysWithValues: zip(Cost.wireNames, cost.wireValues))
    let isMeasured = if case .table = profile.engine { true } else { false }
    func seconds(_ bound: (LayerCost) -> Int64) -> Double? {
      isMeasured ? profile.seconds(ofCycles: layerCosts.reduce(0) { $0 + bound($1) }) : nil
    }
    func share(_ evidence: Evidence) -> Double? {
      let cycles = layerCosts.filter { $0.evidence == evidence }.reduce(0) { $0 + $1.cycles }
      return isMeasured ? Double(cycles) / Double(cost.latencyCycles) : nil
    }
    latencySecondsLow = seconds { $0.cycleRange.lowerBound }
    latencySecondsHigh = seconds { $0.cycleRange.upperBound }
    interpolatedShare = share(.interpolated)
    extrapolatedShare = share(.extrapolated)
    layers = layerCosts.map {
      Layer(
        name: $0.name, pattern: $0.pattern.description,
        executedPattern: $0.executedPattern.description, cycles: $0.cycles,
        stallCycles: $0.stallCycles, macs: $0.macs, weightBytes: ($0.weightBits + 7) / 8,
        dramBytes: $0.memoryBytes, energyJoules: $0.energyPicojoules.map { Double($0) / 1e12 },
        bound: $0.bound.rawValue, evidence: isMeasured ? $0.evidence.rawValue : nil)
    }
  }

  private static func mostTimeConsumingBound(_ layers: [LayerCost]) -> String {
    let cycles = Bound.allCases.map { bound in
      (bound, layers.filter { $0.bound == bound }.reduce(0) { $0 + $1.cycles })
    }
    return cycles.max { $0.1 < $1.1 }?.0.rawValue ?? ""
  }
}

extension EstimateReport {
  /// The report for users: a line a layer, then totals beside those of the dense model.
  func lines(profile: AcceleratorProfile, dense: Cost) -> [String] {
    ["\(model) on \(profile), batch \(batch)", ""] + layerTable.lines + [""]
      + totals(dense: dense)
  }

  private var layerTable: TextTable {
    let hasEnergy = energyJoulesPerImage != nil
    var columns: [(heading: String, alignment: TextTable.Alignment)] = [
      ("layer", .left), ("pattern", .left), ("runs as", .left), ("cycles", .right),
      ("share", .right), ("waiting", .right), ("MACs/image", .right), ("weights", .right),
      ("DRAM", .right),
    ]
    if hasEnergy { columns.append(("energy", .right)) }
    columns.append(("bound", .left))
    var table = TextTable(columns)
    for layer in layers {
      var cells = [
        layer.name, layer.macs > 0 ? layer.pattern : "",
        layer.macs > 0 ? layer.executedPattern : "", NumberFormat.grouped(layer.cycles),
        NumberFormat.percent(Double(layer.cycles) / Double(max(1, latencyCycles))),
        NumberFormat.grouped(layer.stallCycles), NumberFormat.scaled(layer.macs),
        NumberFormat.bytes(layer.weightBytes), NumberFormat.bytes(layer.dramBytes),
      ]
      if hasEnergy {
        cells.append(layer.energyJoules.map { "\(NumberFormat.fixed($0 * 1e6, 1)) µJ" } ?? "")
      }
      table.append(cells + [layer.bound])
    }
    return table
  }

  private func totals(dense: Cost) -> [String] {
    let speedup = Double(dense.latencyCycles) / Double(latencyCycles)
    var lines = [
      "latency     \(NumberFormat.grouped(latencyCycles)) cycles, "
        + "\(NumberFormat.fixed(latencySeconds * 1e3, 3)) ms "
        + "(dense: \(NumberFormat.fixed(dense.latencySeconds * 1e3, 3)) ms), "
        + "\(NumberFormat.grouped(stallCycles)) cycles waiting; bound by \(bound)",
      "throughput  \(NumberFormat.fixed(throughputImagesPerSecond, 1)) images/s "
        + "(\(NumberFormat.fixed(speedup, 2))× dense)",
      "MACs        \(NumberFormat.scaled(macs)) of \(NumberFormat.scaled(denseMacs)) an image; "
        + "as the ELSA paper counts: \(NumberFormat.scaled(elsaMacs)) "
        + "of \(NumberFormat.scaled(elsaDenseMacs))",
      "bytes       \(NumberFormat.bytes(weightBytes)) of weights and their indices "
        + "(dense: \(NumberFormat.bytes(denseWeightBytes))), "
        + "\(NumberFormat.bytes(activationBytes)) of activations at most, "
        + "\(NumberFormat.bytes(dramBytes)) to and from DRAM a batch",
    ]
    if let energyJoulesPerImage, let averagePowerWatts {
      let ratio = energyJoulesPerImage / (dense.energyJoulesPerImage ?? energyJoulesPerImage)
      lines.append(
        "energy      \(NumberFormat.fixed(energyJoulesPerImage * 1e3, 3)) mJ an image "
          + "(\(NumberFormat.fixed(ratio, 2))× dense), "
          + "\(NumberFormat.fixed(averagePowerWatts, 2)) W on average")
    }
    if let latencySecondsLow, let latencySecondsHigh, let interpolatedShare, let extrapolatedShare {
      lines.append(
        "evidence    10 to 90 %: \(NumberFormat.fixed(latencySecondsLow * 1e3, 3)) to "
          + "\(NumberFormat.fixed(latencySecondsHigh * 1e3, 3)) ms; "
          + "\(NumberFormat.percent(interpolatedShare)) of the time interpolated, "
          + "\(NumberFormat.percent(extrapolatedShare)) extrapolated")
    }
    return lines
  }
}
