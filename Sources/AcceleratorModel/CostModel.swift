import SparsityCore

/// The exact cost of any genome of a search space on an accelerator.
///
/// The cost of each layer at each level is computed once; a candidate is a sum of look-ups.
public struct CostModel: Sendable {
  /// The accelerator.
  public let profile: AcceleratorProfile
  /// The layers that genomes decide about and their levels.
  public let space: SearchSpace
  /// The matrix products of one batch.
  public let workload: Workload
  /// The cost of the dense model.
  public let denseCost: Cost

  /// The place in the space of each operation's layer, `nil` where no gene decides.
  private let geneOfOperation: [Int?]
  /// The summands of each layer at each level, at layer × level count + level.
  private let table: [CostEntry]
  /// What every genome pays.
  private let fixed: CostEntry
  /// The sums of the dense model.
  private let dense: CostEntry

  /// The images of one batch.
  public var batch: Int { workload.batch }

  /// Computes the table of a model on an accelerator.
  ///
  /// Prunable layers that `space` leaves out stay dense.
  ///
  /// - Throws: ``AcceleratorError`` if the space is not of this model, if the batch is out of range
  ///   or if the cost of some genome would leave 64 bits.
  public init(
    shape: TransformerShape, space: SearchSpace, profile: AcceleratorProfile, batch: Int
  ) throws(AcceleratorError) {
    let workload = try Workload(shape: shape, batch: batch)
    let paper = try PaperMacs(shape: shape)
    let genes = try Self.genes(of: space, in: workload)
    var fixed = CostEntry(elsaMacs: paper.fixed)
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
  /// - Precondition: the genome lies in ``space``.
  public func layerCosts(of genome: Genome) -> [LayerCost] {
    let patterns = space.patterns(of: genome)
    return zip(workload.operations, geneOfOperation).map { operation, gene in
      let pattern = gene.map { patterns[$0] } ?? .dense
      do {
        return try Self.layerCost(operation, pattern, profile: profile, batch: batch)
      } catch {
        preconditionFailure("\(error) although the table was computed")
      }
    }
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
      guard let place else { throw .unknownLayer(name: layer.name) }
      let product = workload.operations[place].product
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

  /// Returns the cost of one step with a pattern.
  private static func layerCost(
    _ operation: Operation, _ pattern: NMPattern, profile: AcceleratorProfile, batch: Int
  ) throws(AcceleratorError) -> LayerCost {
    let estimate = try profile.estimate(operation.product, pattern: pattern)
    let macs = try checkedProduct(
      estimate.macs, operation.count, of: "the multiply-accumulates")
    return LayerCost(
      name: operation.name, isPrunable: operation.isPrunable, product: operation.product,
      count: operation.count, pattern: pattern, executedPattern: estimate.executedPattern,
      cycles: try checkedProduct(estimate.cycles, operation.count, of: "the cycles"),
      macs: macs / Int64(batch), bound: estimate.bound)
  }

  /// Returns the summands of one step with a pattern.
  private static func entry(
    _ operation: Operation, _ pattern: NMPattern, profile: AcceleratorProfile, batch: Int,
    paper: PaperMacs
  ) throws(AcceleratorError) -> CostEntry {
    let cost = try layerCost(operation, pattern, profile: profile, batch: batch)
    let elsaMacs =
      operation.isPrunable
      ? try paper.macs(of: operation.product, pattern: pattern) : 0
    return CostEntry(cycles: cost.cycles, macs: cost.macs, elsaMacs: elsaMacs)
  }

  /// Returns the cost that sums amount to.
  private static func cost(
    of sum: CostEntry, dense: CostEntry, batch: Int, profile: AcceleratorProfile
  ) -> Cost {
    Cost(
      latencyCycles: sum.cycles, macs: sum.macs, denseMacs: dense.macs, elsaMacs: sum.elsaMacs,
      elsaDenseMacs: dense.elsaMacs, batch: batch, clockHertz: profile.clockHertz)
  }
}
