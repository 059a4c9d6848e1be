import NetworkArchitectures
import SparsityCore

/// What one genome costs at growing batches, and which batch serves best.
package struct BatchSchedule: Sendable {
  /// One batch.
  package struct Row: Hashable, Sendable {
    /// The cost of a batch of this size.
    package let cost: Cost
    /// The bytes of all parameters and of the largest step's operands and result.
    package let footprintBytes: Int64
    /// Whether that fits into the memory outside the chip; `true` if its size is not known.
    package let fitsMemory: Bool
    /// Whether the latency limit is met.
    package let meetsLimit: Bool
  }

  /// The batch from which on a layer no longer waits for memory or for kernels to start.
  package struct Crossing: Hashable, Sendable {
    package let layer: String
    /// The pattern that runs.
    package let pattern: NMPattern
    /// The smallest such batch; `nil` if it is beyond the largest that was looked at.
    package let batch: Int?
  }

  /// The batches 1, 2, 4, … up to the largest.
  package let rows: [Row]
  /// The row of the highest throughput that fits and meets the limit; the smallest batch of equals.
  package let best: Row?
  /// The crossing of each prunable layer, in network order.
  package let crossings: [Crossing]

  /// Computes the schedule of a genome.
  ///
  /// - Parameter latencySecondsMax: The latency that a batch may have, or `nil`.
  /// - Throws: ``AcceleratorError``, as a cost model of the largest batch does.
  package init(
    network: Network, space: SearchSpace, genome: Genome, profile: AcceleratorProfile,
    batchMax: Int, latencySecondsMax: Double? = nil
  ) throws(AcceleratorError) {
    guard Workload.batchRange.contains(batchMax) else {
      throw .outOfRange(name: "the batch", value: batchMax, allowed: Workload.batchRange)
    }
    var rows: [Row] = []
    var layers: [(batch: Int, costs: [LayerCost])] = []
    var batch = 1
    while batch <= batchMax {
      let model = try CostModel(network: network, space: space, profile: profile, batch: batch)
      let cost = model.cost(of: genome)
      let footprint = try checkedSum(cost.weightBytes, model.activationBytes, of: "the footprint")
      rows.append(
        Row(
          cost: cost, footprintBytes: footprint,
          fitsMemory: profile.memory.capacityBytes.map { footprint <= Int64($0) } ?? true,
          meetsLimit: latencySecondsMax.map { cost.latencySeconds <= $0 } ?? true))
      layers.append((batch, model.layerCosts(of: genome).filter(\.isPrunable)))
      batch *= 2
    }
    self.rows = rows
    best = rows.filter { $0.fitsMemory && $0.meetsLimit }.max {
      $0.cost.throughputImagesPerSecond < $1.cost.throughputImagesPerSecond
    }
    var finder = CrossingFinder(network: network, profile: profile, known: layers)
    var crossings: [Crossing] = []
    for (place, cost) in (layers.first?.costs ?? []).enumerated() {
      crossings.append(
        Crossing(
          layer: cost.name, pattern: cost.executedPattern,
          batch: try finder.batch(ofLayer: place)))
    }
    self.crossings = crossings
  }
}

/// Finds the batch at which a layer becomes compute-bound, between two batches that are known.
private struct CrossingFinder {
  let network: Network
  let profile: AcceleratorProfile
  let known: [(batch: Int, costs: [LayerCost])]
  /// The prunable steps at batches in between.
  private var operations: [Int: [Operation]] = [:]

  init(
    network: Network, profile: AcceleratorProfile, known: [(batch: Int, costs: [LayerCost])]
  ) {
    self.network = network
    self.profile = profile
    self.known = known
  }

  /// Returns the smallest batch of those after which no known batch waits.
  mutating func batch(ofLayer place: Int) throws(AcceleratorError) -> Int? {
    let waiting = known.lastIndex { $0.costs[place].bound != .compute }
    guard let waiting else { return known.first?.batch }
    guard waiting + 1 < known.count else { return nil }
    var (low, high) = (known[waiting].batch, known[waiting + 1].batch)
    while high - low > 1 {
      let middle = (low + high) / 2
      if try isComputeBound(place, batch: middle) { high = middle } else { low = middle }
    }
    return high
  }

  private mutating func isComputeBound(
    _ place: Int, batch: Int
  ) throws(AcceleratorError) -> Bool {
    if operations[batch] == nil {
      operations[batch] = try Workload(network: network, batch: batch).operations
        .filter(\.isPrunable)
    }
    guard let operation = operations[batch]?[place] else { return false }
    let pattern = known[0].costs[place].pattern
    return try profile.layerCost(of: operation, pattern: pattern, batch: batch)?.bound == .compute
  }
}
