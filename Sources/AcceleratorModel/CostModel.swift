import NetworkArchitectures
import SparsityCore

/// The exact cost of any genome of a search space on an accelerator.
///
/// The cost of each layer at each level is computed once; a candidate is a sum of look-ups.
public struct CostModel: Sendable {
  /// The accelerator.
  public let profile: AcceleratorProfile
  /// The layers that genomes decide about and their levels.
  public let space: SearchSpace
  /// The steps of one batch.
  public let workload: Workload
  /// The cost of the dense model.
  public let denseCost: Cost
  /// The bytes that the largest step's operands and result take.
  public let activationBytes: Int64

  /// The place in the space of each operation's layer, `nil` where no gene decides.
  private let geneOfOperation: [Int?]
  /// The summands of each layer at each level, at layer × level count + level.
  private let table: [CostEntry]
  /// What every genome pays.
  let fixed: CostEntry
  /// The sums of the dense model.
  let dense: CostEntry

  /// The images of one batch.
  public var batch: Int { workload.batch }

  /// Computes the table of a model on an accelerator.
  ///
  /// Prunable layers that `space` leaves out stay dense.
  ///
  /// - Throws: ``AcceleratorError`` if the space is not of this model, if the batch is out of
  ///   range, if the profile refuses a pattern or if the cost of some genome would leave 64 bits.
  public init(
    network: Network, space: SearchSpace, profile: AcceleratorProfile, batch: Int
  ) throws(AcceleratorError) {
    let workload = try Workload(network: network, batch: batch)
    let paper = try PaperMacs(network: network)
    let genes = try Self.genes(of: space, in: workload)
    let otherBits = try checkedProduct(
      workload.otherParameters, profile.precision.weightBits, 1, of: "the bits of weights")
    var fixed = CostEntry(elsaMacs: paper.fixed, weightBits: otherBits)
    var dense = fixed
    var largest = fixed
    var rows = [[CostEntry]](repeating: [], count: space.layers.count)
    for (operation, gene) in zip(workload.operations, genes) {
      let entry = try Self.entry(operation, .dense, profile: profile, batch: batch, paper: paper)
      dense = try dense.adding(entry)
      guard let gene else {
        fixed = try fixed.adding(entry)
        largest = try largest.adding(entry)
        continue
      }
      for pattern in space.patterns {
        let entry = try Self.entry(
          operation, pattern, profile: profile, batch: batch, paper: paper)
        rows[gene].append(entry)
      }
      largest = try largest.adding(rows[gene].reduce(CostEntry()) { $0.maximum($1) })
    }
    self.profile = profile
    self.space = space
    self.workload = workload
    self.geneOfOperation = genes
    self.table = Array(rows.joined())
    self.fixed = fixed
    self.dense = dense
    self.denseCost = Self.cost(of: dense, dense: dense, batch: batch, profile: profile)
    self.activationBytes = (try workload.peakActivationBits(profile.precision) + 7) / 8
  }

  /// Returns the cost of a genome.
  ///
  /// - Precondition: the genome lies in ``space``.
  /// - Complexity: one look-up a layer.
  public func cost(of genome: Genome) -> Cost {
    precondition(genome.genes.count == space.layers.count)
    let levelCount = space.patterns.count
    var sum = fixed
    var start = 0
    for level in genome.genes {
      precondition(level < levelCount)
      sum += table[start + Int(level)]
      start += levelCount
    }
    return Self.cost(of: sum, dense: dense, batch: batch, profile: profile)
  }

  /// Returns the cost of each step of the forward pass, in order; cycles add up to the total.
  ///
  /// Steps that the profile does not model are left out.
  ///
  /// - Precondition: the genome lies in ``space``.
  public func layerCosts(of genome: Genome) -> [LayerCost] {
    let patterns = space.patterns(of: genome)
    return zip(workload.operations, geneOfOperation).compactMap { operation, gene in
      let pattern = gene.map { patterns[$0] } ?? .dense
      do {
        return try profile.layerCost(of: operation, pattern: pattern, batch: batch)
      } catch {
        preconditionFailure("\(error) although the table was computed")
      }
    }
  }

  /// Returns the summands of a layer at a level.
  func entry(layer: Int, level: Int) -> CostEntry {
    table[layer * space.patterns.count + level]
  }
}

extension CostModel {
  /// Returns the place in the space of each operation's layer, `nil` where no gene decides.
  ///
  /// - Throws: ``AcceleratorError`` if the space is not of this workload.
  private static func genes(
    of space: SearchSpace, in workload: Workload
  ) throws(AcceleratorError) -> [Int?] {
    var genes = [Int?](repeating: nil, count: workload.operations.count)
    for (gene, layer) in space.layers.enumerated() {
      let place = workload.operations.firstIndex { $0.isPrunable && $0.name == layer.name }
      guard let place, let product = workload.operations[place].product else {
        throw .unknownLayer(name: layer.name)
      }
      guard product.inputs == layer.inputs, product.outputs == layer.outputs else {
        throw .layerMismatch(
          name: layer.name, inputs: layer.inputs, outputs: layer.outputs,
          modelInputs: product.inputs, modelOutputs: product.outputs)
      }
      guard genes[place] == nil else { throw .repeatedLayer(name: layer.name) }
      genes[place] = gene
    }
    return genes
  }

  /// Returns the summands of one step with a pattern.
  private static func entry(
    _ operation: Operation, _ pattern: NMPattern, profile: AcceleratorProfile, batch: Int,
    paper: PaperMacs
  ) throws(AcceleratorError) -> CostEntry {
    guard let cost = try profile.layerCost(of: operation, pattern: pattern, batch: batch) else {
      return CostEntry()
    }
    var entry = CostEntry(
      cycles: cost.cycles, macs: cost.macs, weightBits: cost.weightBits,
      energyPicojoules: cost.energyPicojoules ?? 0)
    if operation.isPrunable, let product = operation.product {
      entry.elsaMacs = try paper.macs(of: product, batch: batch, pattern: pattern)
    }
    return entry
  }

  /// Returns the cost that sums amount to.
  static func cost(
    of sum: CostEntry, dense: CostEntry, batch: Int, profile: AcceleratorProfile
  ) -> Cost {
    Cost(
      latencyCycles: sum.cycles, macs: sum.macs, denseMacs: dense.macs, elsaMacs: sum.elsaMacs,
      elsaDenseMacs: dense.elsaMacs, weightBits: sum.weightBits,
      energyPicojoules: profile.energy == nil ? nil : sum.energyPicojoules, batch: batch,
      clockHertz: profile.clockHertz)
  }
}
