import AcceleratorModel
import RunFiles
import SparsityCore
import TextReports

/// The answer of `estimate --gemm`.
struct ProductReport: Encodable {
  let accelerator: String
  let bound: String
  let denseMacs: Int64
  let dramBytes: Int64
  let energyJoules: Double?
  let evidence: String
  let executedPattern: String
  let latencyCycles: Int64
  let latencyCyclesHigh: Int64
  let latencyCyclesLow: Int64
  let latencySeconds: Double
  let macs: Int64
  let pattern: String
  let sramInputReads: Int64?
  let sramMetadataBits: Int64?
  let sramOutputReads: Int64?
  let sramOutputWrites: Int64?
  let sramWeightReads: Int64?
  let stallCycles: Int64
  let weightBytes: Int64

  init(_ estimate: ProductEstimate, profile: AcceleratorProfile) {
    let traffic = estimate.traffic
    let bits = traffic.weightBits + traffic.inputBits + traffic.outputBits
    accelerator = profile.name
    bound = estimate.bound.rawValue
    denseMacs = estimate.denseMacs
    dramBytes = (bits + 7) / 8
    energyJoules = estimate.energyPicojoules.map { Double($0) / 1e12 }
    evidence = estimate.evidence.rawValue
    executedPattern = estimate.executedPattern.description
    latencyCycles = estimate.cycles
    latencyCyclesHigh = estimate.cycleRange.upperBound
    latencyCyclesLow = estimate.cycleRange.lowerBound
    latencySeconds = profile.seconds(ofCycles: estimate.cycles)
    macs = estimate.macs
    pattern = estimate.pattern.description
    sramInputReads = estimate.accesses.flatMap { Int64(exactly: $0.inputReads) }
    sramMetadataBits = estimate.accesses.flatMap { Int64(exactly: $0.metadataBits) }
    sramOutputReads = estimate.accesses.flatMap { Int64(exactly: $0.outputReads) }
    sramOutputWrites = estimate.accesses.flatMap { Int64(exactly: $0.outputWrites) }
    sramWeightReads = estimate.accesses.flatMap { Int64(exactly: $0.weightReads) }
    stallCycles = estimate.stallCycles
    weightBytes = (estimate.weightBits + 7) / 8
  }

  /// The report for users.
  func lines(_ estimate: ProductEstimate, profile: AcceleratorProfile) -> [String] {
    let run = executedPattern == pattern ? "" : ", which runs as \(executedPattern)"
    var lines = [
      "\(estimate.product) at \(pattern)\(run) on \(profile)",
      "  cycles   \(NumberFormat.grouped(latencyCycles)), "
        + "\(NumberFormat.grouped(stallCycles)) of them waiting; bound by \(bound)",
      "  seconds  \(latencySeconds)",
      "  MACs     \(NumberFormat.scaled(macs)) of \(NumberFormat.scaled(denseMacs))",
      "  weights  \(NumberFormat.bytes(weightBytes))",
      "  DRAM     \(NumberFormat.bytes(dramBytes))",
    ]
    if let accesses = estimate.accesses {
      lines.append(
        "  SRAM     \(NumberFormat.grouped(accesses.weightReads)) weights, "
          + "\(NumberFormat.grouped(accesses.inputReads)) inputs read, "
          + "\(NumberFormat.grouped(accesses.outputWrites)) outputs written")
    }
    if let energyJoules {
      lines.append("  energy   \(NumberFormat.fixed(energyJoules * 1e6, 3)) µJ")
    }
    if estimate.evidence != .modelled {
      lines.append(
        "  evidence \(evidence); 10 to 90 %: \(NumberFormat.grouped(latencyCyclesLow)) to "
          + "\(NumberFormat.grouped(latencyCyclesHigh)) cycles")
    }
    return lines
  }
}

/// The answer of `estimate --topology`.
struct TopologyReport: Encodable {
  /// One product.
  struct Layer: Encodable {
    let name: String
    let product: String
    let pattern: String
    let executedPattern: String
    let cycles: Int64
    let stallCycles: Int64
    let dramBytes: Int64
    let bound: String
  }

  let accelerator: String
  let latencyCycles: Int64
  let layers: [Layer]

  /// Estimates the products of a file.
  init(path: String, profile: AcceleratorProfile) throws {
    let topology = try ScaleSimTopology(csv: TextFile.text(of: path), file: path)
    var total: Int64 = 0
    var layers: [Layer] = []
    for layer in topology.layers {
      let estimate = try profile.estimate(layer.product, pattern: layer.pattern)
      let (sum, hasOverflowed) = total.addingReportingOverflow(estimate.cycles)
      guard !hasOverflowed else {
        throw CommandFailure("the cycles of \(path) do not fit into 64 bits")
      }
      total = sum
      let report = ProductReport(estimate, profile: profile)
      layers.append(
        Layer(
          name: layer.name, product: layer.product.description, pattern: report.pattern,
          executedPattern: report.executedPattern, cycles: estimate.cycles,
          stallCycles: estimate.stallCycles, dramBytes: report.dramBytes, bound: report.bound))
    }
    accelerator = profile.name
    latencyCycles = total
    self.layers = layers
  }

  /// Prints the report.
  func print(json: Bool) throws {
    if json { return try Output.json(self) }
    var table = TextTable([
      ("layer", .left), ("M×K×N", .left), ("pattern", .left), ("runs as", .left),
      ("cycles", .right), ("waiting", .right), ("DRAM", .right), ("bound", .left),
    ])
    for layer in layers {
      table.append([
        layer.name, layer.product, layer.pattern, layer.executedPattern,
        NumberFormat.grouped(layer.cycles), NumberFormat.grouped(layer.stallCycles),
        NumberFormat.bytes(layer.dramBytes), layer.bound,
      ])
    }
    table.lines.forEach(Output.result)
    Output.result("")
    Output.result("total  \(NumberFormat.grouped(latencyCycles)) cycles on \(accelerator)")
  }
}
