import AcceleratorModel
import NetworkArchitectures
import SparsityCore

extension GenomeCosts {
  /// Computes the costs of a run as coordinator, workers and reports know it.
  ///
  /// - Parameters:
  ///   - network: the network; `nil` where decisions are listed.
  ///   - space: what genomes decide about.
  ///   - accelerator: the profile's name.
  ///   - profileText: the profile; `nil` for a built-in one.
  ///   - listedText: ``RunFiles/ListedDecisions/text``, without a network.
  ///   - batch: the images of a batch on the accelerator.
  ///   - measured: what evaluators measure instead.
  /// - Throws: an error if the texts or the network do not give the costs of such a space.
  package init(
    network: Network?, space: SearchSpace, accelerator: String, profileText: String?,
    listedText: String?, batch: Int, measured: [Objective]
  ) throws {
    let costs: GenomeCosts
    if let network {
      costs = try CostModel(
        network: network, space: space,
        profile: AcceleratorProfile(ofRun: accelerator, text: profileText), batch: batch
      ).costs
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
