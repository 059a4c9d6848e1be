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
  package let costs: GenomeCosts
  /// The network with its accelerator; `nil` where decisions are listed.
  private let subject: Subject?
  /// The reference point against which hypervolume is measured, in minimised objectives.
  package let referencePoint: [Double]
  /// The constraints of the run, as text.
  private let constraints: [String]

  /// What only a run with a network has.
  private struct Subject {
    /// The layers whose weights are pruned.
    let layers: [PrunableLayer]
    let profiles: [AcceleratorProfile]
  }

  /// The genome that is the dense model, if it is in the space.
  package var denseGenome: Genome? { costs.space.denseGenome(of: subject?.layers ?? []) }

  /// Returns the source of the same run with all of its description known.
  func describing(_ description: RunDescription) -> FrontSource {
    FrontSource(
      description: description, modelName: modelName, costs: costs, subject: subject,
      referencePoint: referencePoint, constraints: constraints)
  }

  private init(
    description: RunDescription, modelName: String, costs: GenomeCosts, subject: Subject?,
    referencePoint: [Double], constraints: [String]
  ) {
    self.description = description
    self.modelName = modelName
    self.costs = costs
    self.subject = subject
    self.referencePoint = referencePoint
    self.constraints = constraints
  }

  /// Uses the cost model of a prepared run.
  package init(_ run: PreparedRun) {
    self.init(
      description: run.settings.description, modelName: run.modelName, costs: run.costs,
      subject: run.network.map {
        Subject(layers: $0.network.prunableLayers, profiles: $0.profiles)
      }, referencePoint: run.settings.referencePoint,
      constraints: run.runFile.constraintTexts)
  }

  /// Creates the cost model of a run from its description and the model's network, if it has one.
  ///
  /// - Parameter runFile: what says up to where the hypervolume is measured, and what candidates
  ///   must satisfy; the usual point and nothing without one.
  package init(
    description: RunDescription, modelName: String, network: Network?, runFile: RunFile? = nil
  ) throws {
    let costs = try computingCosts(of: modelName) {
      try GenomeCosts(
        network: network, space: description.space, accelerators: description.accelerators,
        listedText: description.text(of: .decisions), measured: description.measuredCosts)
    }
    self.init(
      description: description, modelName: modelName, costs: costs,
      subject: try network.map { network in
        Subject(
          layers: network.prunableLayers,
          profiles: try description.accelerators.map { accelerator, text in
            try AcceleratorProfile(ofRun: accelerator.profile, text: text)
          })
      },
      referencePoint: (runFile.map { ReferencePoint($0) }
        ?? ReferencePoint(usualFor: description.objectives))
        .minimized(of: description.objectives, dense: costs.denseCost),
      constraints: runFile?.constraintTexts ?? [])
  }

  /// Returns what the dense model costs, or `nil` if it is not known.
  private func dense(_ objective: Objective) -> Double? { costs.denseCost.value(of: objective) }

  /// The accelerators of a run with several.
  private var accelerators: [FrontReport.Accelerator]? {
    guard let subject, !description.otherAccelerators.isEmpty else { return nil }
    return zip(costs.all, subject.profiles).map { costs, profile in
      FrontReport.Accelerator(
        name: costs.name ?? "", profile: costs.source, hash: profile.contentHash.description,
        batch: costs.denseCost.batch, dense: FrontReport.Costs(costs.denseCost))
    }
  }

  /// Returns what a candidate costs on each accelerator of a run with several.
  private func perAccelerator(_ cost: Cost) -> [String: FrontReport.Costs]? {
    guard !cost.others.isEmpty else { return nil }
    let named = ([cost] + cost.others).map { ($0.accelerator ?? "", FrontReport.Costs($0)) }
    return Dictionary(named) { first, _ in first }
  }

  /// Returns the report of a front.
  ///
  /// Members whose evaluation is not known are left out: their records are not durable yet.
  package func report(_ content: FrontContent) -> FrontReport {
    let named = zip(description.objectives, referencePoint).map { objective, value in
      (objective.rawValue, objective.natural(value))
    }
    func point(_ member: Individual) -> FrontReport.Point? {
      content.evaluations[member.id].map { self.point(of: member.genome, $0) }
    }
    let points = content.members.compactMap(point)
    return FrontReport(
      model: modelName, accelerator: description.accelerator,
      acceleratorHash: subject?.profiles.first?.contentHash.description,
      batch: description.acceleratorBatch, accelerators: accelerators,
      options: description.numerics.options, numerics: description.numerics.description,
      bankArithmetic: description.bankArithmetic,
      pruning: description.criterion,
      decisions: Dictionary(
        uniqueKeysWithValues: description.space.decisions.map {
          ($0.name, $0.choices.map(\.description))
        }),
      objectives: description.objectives.map(\.rawValue), evaluations: content.evaluationCount,
      evaluationsSaved: content.savedImageCount < description.imageCount
        ? nil : content.savedImageCount / description.imageCount,
      quarantined: quarantined(content),
      discardedKeys: content.discarded.isEmpty
        ? nil
        : content.discarded.map {
          FrontReport.DiscardedKey(key: $0.keyName, reason: $0.diagnostic)
        },
      hypervolume: hypervolume(
        of: content.members.map(\.objectives), referencePoint: referencePoint),
      referencePoint: Dictionary(uniqueKeysWithValues: named),
      denseThroughput: dense(.throughput), denseLatencySeconds: dense(.latency),
      denseEnergyJoulesPerImage: dense(.energy),
      denseWeightBytes: dense(.weightBytes).map { _ in costs.denseCost.weightBytes },
      denseMacs: dense(.macs).map { _ in costs.denseCost.macs },
      measured: description.measuredCosts.isEmpty
        ? nil : description.measuredCosts.map(\.rawValue),
      constraints: constraints.isEmpty ? nil : constraints,
      nearestMiss: content.members.isEmpty ? content.nearestMiss.flatMap(point) : nil,
      points: points.sorted {
        ($1.accuracy, $1.throughput ?? 0) < ($0.accuracy, $0.throughput ?? 0)
      })
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
    let measured = result.medianCosts
    func value(_ objective: Objective) -> Double? {
      measured.value(of: objective, batch: description.acceleratorBatch)
        ?? cost.value(of: objective)
    }
    let knowsCycles = subject != nil && cost.value(of: .latency) != nil
    return FrontReport.Point(
      candidate: result.candidate.rawValue,
      genome: entry(of: genome),
      density: subject.map { costs.space.density(of: genome, layers: $0.layers) },
      accuracy: Double(result.correctCount) / Double(result.imageCount),
      correct: result.correctCount, images: result.imageCount,
      accuracyInterval: ConfidenceInterval(
        ofProportion: result.correctCount, of: result.imageCount),
      meanLoss: result.summedLoss.map { $0 / Double(result.imageCount) },
      throughput: value(.throughput), latencyCycles: knowsCycles ? cost.latencyCycles : nil,
      latencySeconds: value(.latency), macs: cost.value(of: .macs).map { _ in cost.macs },
      energyJoulesPerImage: value(.energy),
      weightBytes: cost.value(of: .weightBytes).map { _ in cost.weightBytes },
      accelerators: perAccelerator(cost),
      measured: result.measuredCosts.isEmpty
        ? nil
        : Dictionary(
          uniqueKeysWithValues: result.measuredCosts.map {
            (
              $0.quantity.rawValue,
              FrontReport.Spread(median: $0.median, least: $0.least, greatest: $0.greatest)
            )
          }),
      keys: result.keyNames.isEmpty ? nil : result.keyNames,
      testAccuracy: nil)
  }
}

extension FrontReport.Costs {
  /// Takes what is known of a cost.
  fileprivate init(_ cost: Cost) {
    self.init(
      throughput: cost.value(of: Objective(.throughput)),
      latencyCycles: cost.quantities.contains(.latency) ? cost.latencyCycles : nil,
      latencySeconds: cost.value(of: Objective(.latency)),
      energyJoulesPerImage: cost.value(of: Objective(.energy)),
      weightBytes: cost.quantities.contains(.weightBytes) ? cost.weightBytes : nil)
  }
}
