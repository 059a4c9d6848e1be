import NetworkArchitectures
import SparsityCore

/// The exact cost of any genome of a network's search space on an accelerator.
///
/// A step of the forward pass depends on some decisions; its cost for each of their joint choices
/// is computed once, and a candidate is a sum of look-ups.
package struct CostModel: Sendable {
  package let profile: AcceleratorProfile
  /// The costs of all genomes.
  package let costs: GenomeCosts
  /// The prunable layers of the network, in its order.
  package let layers: [PrunableLayer]
  /// The steps of one batch.
  package let workload: Workload
  /// The bytes that the largest step's operands and result take.
  package let activationBytes: Int64

  /// The decisions that the cost of each operation depends on, by their places in the space.
  private let dependencies: [[Int]]

  /// What genomes decide about.
  package var space: SearchSpace { costs.space }
  /// The cost of the dense model.
  package var denseCost: Cost { costs.denseCost }
  /// The images of one batch.
  package var batch: Int { workload.batch }

  /// Computes the table of a model on an accelerator.
  ///
  /// Prunable layers that `space` leaves out stay dense.
  ///
  /// - Throws: ``AcceleratorError`` if the space is not of this model, if the batch is out of
  ///   range, if the profile refuses a pattern or if the cost of some genome would leave 64 bits.
  package init(
    network: Network, space: SearchSpace, profile: AcceleratorProfile, batch: Int
  ) throws(AcceleratorError) {
    let workload = try Workload(network: network, batch: batch)
    let paper = try PaperMacs(network: network)
    let dependencies = try Self.dependencies(of: workload, on: space)
    let otherBits = try checkedProduct(
      workload.otherParameters, profile.precision.weightBits, 1, of: "the bits of weights")
    var fixed = CostEntry(elsaMacs: paper.fixed, weightBits: otherBits)
    var dense = fixed
    var grouped: [[Int]: [CostEntry]] = [:]
    var order: [[Int]] = []
    for (operation, decisions) in zip(workload.operations, dependencies) {
      func entry(_ choices: [Choice]) throws(AcceleratorError) -> CostEntry {
        try Self.entry(operation, choices, profile: profile, batch: batch, paper: paper)
      }
      let undecided = try entry([])
      dense = try dense.adding(undecided)
      guard !decisions.isEmpty else {
        fixed = try fixed.adding(undecided)
        continue
      }
      let own = try Self.jointChoices(of: decisions.map { space.decisions[$0] })
        .map { (choices) throws(AcceleratorError) in try entry(choices) }
      if let known = grouped[decisions] {
        grouped[decisions] = try zip(known, own).map { (known, own) throws(AcceleratorError) in
          try known.adding(own)
        }
      } else {
        grouped[decisions] = own
        order.append(decisions)
      }
    }
    let tables = order.map { decisions in
      CostTables.Table(
        decisions: decisions, counts: decisions.map { space.decisions[$0].choices.count },
        entries: grouped[decisions] ?? [])
    }
    self.profile = profile
    self.layers = network.prunableLayers
    self.workload = workload
    self.dependencies = dependencies
    self.costs = try GenomeCosts(
      of: space, source: profile.name, tables: tables, fixed: fixed, dense: dense,
      units: CostUnits(
        batch: batch, clockHertz: profile.clockHertz,
        quantities: profile.energy == nil ? .all.subtracting(.energy) : .all))
    self.activationBytes = (try workload.peakActivationBits(profile.precision) + 7) / 8
  }

  /// Returns the cost of a genome.
  ///
  /// - Precondition: the genome lies in ``space``.
  package func cost(of genome: Genome) -> Cost { costs.cost(of: genome) }

  /// Returns the cost of each step of the forward pass, in order; cycles add up to the total.
  ///
  /// Steps that the profile does not model are left out.
  ///
  /// - Precondition: the genome lies in ``space``.
  package func layerCosts(of genome: Genome) -> [LayerCost] {
    let choices = space.choices(of: genome)
    return zip(workload.operations, dependencies).compactMap { operation, decisions in
      do {
        return try profile.layerCost(
          of: operation, pattern: Self.pattern(decisions.map { choices[$0] }), batch: batch)
      } catch {
        preconditionFailure("\(error) although the table was computed")
      }
    }
  }
}

extension CostModel {
  /// Returns the decisions that the cost of each operation depends on.
  ///
  /// - Throws: ``AcceleratorError/unknownLayer(name:)`` if a decision is about none of the layers.
  private static func dependencies(
    of workload: Workload, on space: SearchSpace
  ) throws(AcceleratorError) -> [[Int]] {
    var dependencies = [[Int]](repeating: [], count: workload.operations.count)
    for (place, decision) in space.decisions.enumerated() {
      switch decision.kind {
      case .pattern:
        let operation = workload.operations.firstIndex {
          $0.isPrunable && $0.name == decision.name
        }
        guard let operation else { throw .unknownLayer(name: decision.name) }
        dependencies[operation].append(place)
      case .categorical:
        // What it means to a network is not known here.
        throw .unknownLayer(name: decision.name)
      }
    }
    return dependencies
  }

  /// Returns every joint choice of some decisions; that of the last changes fastest.
  private static func jointChoices(of decisions: [Decision]) -> [[Choice]] {
    decisions.reduce([[]]) { joint, decision in
      joint.flatMap { choices in decision.choices.map { choices + [$0] } }
    }
  }

  /// Returns the pattern among choices; weights are dense without one.
  private static func pattern(_ choices: [Choice]) -> NMPattern {
    choices.lazy.compactMap(\.pattern).first ?? .dense
  }

  /// Returns the summands of one step with what the decisions that it depends on choose.
  private static func entry(
    _ operation: Operation, _ choices: [Choice], profile: AcceleratorProfile, batch: Int,
    paper: PaperMacs
  ) throws(AcceleratorError) -> CostEntry {
    let pattern = pattern(choices)
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
}
