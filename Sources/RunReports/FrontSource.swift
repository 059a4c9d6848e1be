import AcceleratorModel
import EvolutionarySearch
import NetworkArchitectures
import RunFiles
import RunPreparation
import SparsityCore
import WireProtocol

/// What a front is computed from: the records of a journal and the model they are about.
package struct FrontSource {
  /// What the run computes.
  package let description: RunDescription
  /// The model's name for reports.
  let modelName: String
  /// The exact cost of every genome of the run.
  package let costs: CostModel

  /// Returns the source of the same run with all of its description known.
  func describing(_ description: RunDescription) -> FrontSource {
    FrontSource(description: description, modelName: modelName, costs: costs)
  }

  private init(description: RunDescription, modelName: String, costs: CostModel) {
    self.description = description
    self.modelName = modelName
    self.costs = costs
  }

  /// Uses the cost model of a prepared run.
  package init(_ run: PreparedRun) {
    self.init(
      description: run.settings.description, modelName: run.modelName, costs: run.costs)
  }

  /// Creates the cost model of a run from its description and the model's network.
  package init(description: RunDescription, modelName: String, network: Network) throws {
    self.description = description
    self.modelName = modelName
    self.costs = try computingCosts(of: modelName) {
      try CostModel(
        network: network, space: description.space,
        profile: AcceleratorProfile(
          ofRun: description.accelerator, text: description.acceleratorText),
        batch: description.acceleratorBatch)
    }
  }

  /// The reference point against which hypervolume is measured, in minimised objectives.
  package var referencePoint: [Double] {
    ReferencePoint.minimized(of: description.objectives, dense: costs.denseCost)
  }

  /// Returns the report of a front.
  ///
  /// Members whose evaluation is not known are left out: their records are not durable yet.
  package func report(_ content: FrontContent) -> FrontReport {
    let named = zip(description.objectives, referencePoint).map { objective, value in
      (objective.rawValue, objective.natural(value))
    }
    let points = content.members.compactMap { member in
      content.evaluations[member.id].map { point(of: member.genome, $0) }
    }
    return FrontReport(
      model: modelName, accelerator: description.accelerator,
      acceleratorHash: costs.profile.contentHash.description, batch: description.acceleratorBatch,
      options: description.numerics.options, numerics: description.numerics.description,
      bankArithmetic: description.bankArithmetic,
      pruning: description.criterion,
      decisions: Dictionary(
        uniqueKeysWithValues: description.space.decisions.map {
          ($0.name, $0.choices.map(\.description))
        }),
      objectives: description.objectives.map(\.rawValue), evaluations: content.evaluationCount,
      quarantined: quarantined(content),
      discardedKeys: content.discarded.isEmpty
        ? nil
        : content.discarded.map {
          FrontReport.DiscardedKey(key: $0.keyName, reason: $0.diagnostic)
        },
      hypervolume: hypervolume(
        of: content.members.map(\.objectives), referencePoint: referencePoint),
      referencePoint: Dictionary(uniqueKeysWithValues: named),
      denseThroughput: costs.denseCost.throughputImagesPerSecond, denseMacs: costs.denseCost.macs,
      points: points.sorted { ($1.accuracy, $1.throughput) < ($0.accuracy, $0.throughput) })
  }

  private func quarantined(_ content: FrontContent) -> [FrontReport.Quarantined] {
    content.quarantined.sorted { $0.key < $1.key }.compactMap { candidate, found in
      guard let genome = found.genome else { return nil }
      return FrontReport.Quarantined(
        candidate: candidate.rawValue, genome: entry(of: genome),
        reason: found.reason ?? "the reason is not known")
    }
  }

  private func entry(of genome: Genome) -> FrontReport.GenomeEntry {
    let chosen = zip(costs.space.decisions, costs.space.choices(of: genome))
    return FrontReport.GenomeEntry(
      model: modelName,
      decisions: Dictionary(uniqueKeysWithValues: chosen.map { ($0.name, $1.description) }))
  }

  /// Returns what a report says about an evaluated genome.
  private func point(of genome: Genome, _ result: EvaluatedCandidate) -> FrontReport.Point {
    let cost = costs.cost(of: genome)
    return FrontReport.Point(
      candidate: result.candidate.rawValue,
      genome: entry(of: genome),
      density: costs.space.density(of: genome, layers: costs.layers),
      accuracy: Double(result.correctCount) / Double(result.imageCount),
      correct: result.correctCount, images: result.imageCount,
      meanLoss: result.summedLoss.map { $0 / Double(result.imageCount) },
      throughput: cost.throughputImagesPerSecond, latencyCycles: cost.latencyCycles,
      latencySeconds: cost.latencySeconds, macs: cost.macs,
      energyJoulesPerImage: cost.energyJoulesPerImage, weightBytes: cost.weightBytes,
      keys: result.keyNames.isEmpty ? nil : result.keyNames,
      testAccuracy: nil)
  }
}
