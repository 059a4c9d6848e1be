import AcceleratorModel
import NetworkArchitectures
import SparsityCore

extension GenomeCosts {
  /// Computes the costs of a run as coordinator, workers and reports know it.
  ///
  /// - Parameters:
  ///   - network: the network; `nil` where decisions are listed.
  ///   - space: what genomes decide about.
  ///   - accelerators: whose costs count, each with its profile unless that is a built-in one.
  ///   - listedText: ``RunFiles/ListedDecisions/text``, without a network.
  ///   - measured: what evaluators measure instead.
  /// - Throws: an error if the texts or the network do not give the costs of such a space.
  package init(
    network: Network?, space: SearchSpace,
    accelerators: [(accelerator: RunAccelerator, text: String?)], listedText: String?,
    measured: [Objective]
  ) throws {
    let costs: GenomeCosts
    if let network {
      costs = GenomeCosts(
        joining: try accelerators.map { accelerator, text in
          let profile = try AcceleratorProfile(ofRun: accelerator.profile, text: text)
          let model = try CostModel(
            network: network, space: space, profile: profile, batch: accelerator.batch)
          return (accelerator.name, model.costs)
        })
    } else {
      costs = try ListedDecisions(text: listedText ?? "").costs()
      guard costs.space == space else {
        throw AcceleratorError.unknownLayer(
          name: space.decisions.first { !costs.space.decisions.contains($0) }?.name ?? "")
      }
    }
    self = costs.without(measured.reduce(into: []) { $0.formUnion(CostQuantities(of: $1)) })
  }
}
