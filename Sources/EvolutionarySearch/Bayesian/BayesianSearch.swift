import SparsityCore

/// Bayesian optimisation by Thompson sampling: each proposal draws the effects of all choices from
/// what is known of them, walks the path of best exchange between what is measured and what is
/// exact (``TradeOffPath``), and takes the genome of it that would add most to the hypervolume.
///
/// Draws differ, so candidates that are evaluated at once do, too; where effects are known, draws
/// agree and the front is refined.
struct BayesianSearch: SearchAlgorithm {
  private static let stateVersion: UInt8 = 2
  /// The individuals that are learned from: the best ones of all.
  private static let keptCountMax = 800
  /// The best of them, of which the front under a draw is made.
  private static let frontCountMax = 300
  /// The mixtures of several costs for which paths are walked in one proposal.
  private static let mixtureCount = 4
  /// How far draws are from what is likeliest, against what is known: with 1, the many effects that
  /// are hardly known would always promise more than they keep.
  private static let temperature = 0.3
  /// The share of the best measured value below which nobody looks.
  private static let usefulShare = 0.6
  /// The greatest mean loss that is told from others: far more than any model has.
  private static let lossMax = 1_000.0
  /// The results after which the degree of the scale is learned first, and again at multiples.
  private static let firstDegreeCount = 8

  private let space: ChoiceSpace
  private let settings: SearchSettings
  private let layout: EffectLayout
  private let offspring: Offspring
  private let sampling: FeasibleSampling
  /// What earlier searches have found.
  private let earlier: EarlierEvidence
  private var kept: RankedPopulation
  /// The mean losses of those that are kept, where they were measured.
  private var losses: [CandidateID: Double] = [:]
  /// The images of those that were not measured on all.
  private var imageCounts: [CandidateID: Int] = [:]
  /// The degree of the scale on which losses add up, and the number of results that it is from.
  private var degree: (value: Double, count: Int) = (1.5, 0)
  /// What was learned of the measured objectives; `nil` when there is more to learn from.
  private var models: [Model]?
  /// The exact costs of all choices, which never change.
  private var exact: ExactTables?

  private enum Model: Sendable {
    case losses(LossModel)
    case amounts(AmountModel)
    case exact
  }

  init(space: ChoiceSpace, settings: SearchSettings) {
    self.space = space
    self.settings = settings
    layout = EffectLayout(space)
    offspring = Offspring(space: space, settings: settings)
    sampling = FeasibleSampling(space: space, settings: settings)
    earlier = EarlierEvidence(settings.warmStart, space: space, layout: layout)
    kept = RankedPopulation(sizeMax: max(settings.populationSize, Self.keptCountMax))
  }

  init(
    space: ChoiceSpace, settings: SearchSettings, restoring stateBytes: [UInt8]
  ) throws(SearchError) {
    self.init(space: space, settings: settings)
    var reader = try StateReader(
      stateBytes, of: SearchAlgorithmName.bayesian, version: Self.stateVersion)
    let individuals = try reader.individuals(
      countMax: kept.sizeMax, geneCount: space.geneCount, objectiveCount: settings.objectiveCount)
    for individual in individuals where try reader.number() != 0 {
      losses[individual.id] = try reader.finite()
    }
    for individual in individuals {
      let count = try reader.number()
      guard count != 0 else { continue }
      guard let whole = settings.accuracy?.imageCount, count < whole else {
        throw .stateDoesNotFit(diagnostic: "of the algorithm, \(count) images are none or all")
      }
      imageCounts[individual.id] = Int(count)
    }
    let value = try reader.finite()
    guard LossScale.degrees.contains(value), let count = Int(exactly: try reader.number()) else {
      throw .stateDoesNotFit(diagnostic: "of the algorithm, the degree \(value) is none")
    }
    degree = (value, count)
    try reader.finish()
    kept = RankedPopulation(sizeMax: kept.sizeMax, restoring: individuals)
  }

  var population: [Individual] { kept.individuals }

  var stateBytes: [UInt8] {
    var writer = StateWriter(version: Self.stateVersion)
    writer.append(kept.individuals)
    for individual in kept.individuals {
      writer.append(losses[individual.id] == nil ? 0 : 1)
      if let loss = losses[individual.id] { writer.append(loss.bitPattern) }
    }
    for individual in kept.individuals {
      writer.append(UInt64(imageCounts[individual.id] ?? 0))
    }
    writer.append(degree.value.bitPattern)
    writer.append(UInt64(degree.count))
    return writer.bytes
  }

  mutating func observe(_ individual: Individual) {
    observe(individual, meanLoss: nil, imageCount: nil)
  }

  mutating func observe(_ individual: Individual, meanLoss: Double?, imageCount: Int?) {
    kept.insert(individual)
    losses[individual.id] = meanLoss.map { min(max($0, -Self.lossMax), Self.lossMax) }
    imageCounts[individual.id] = imageCount
    if max(losses.count, imageCounts.count) > 2 * kept.sizeMax {
      let members = Set(kept.individuals.map(\.id))
      losses = losses.filter { members.contains($0.key) }
      imageCounts = imageCounts.filter { members.contains($0.key) }
    }
    models = nil
    learnDegree()
  }

  /// Learns the degree of the scale anew when there are half as many results again: here, not when
  /// something is proposed, since a journal that is replayed proposes nothing.
  private mutating func learnDegree() {
    guard let accuracy = settings.accuracy, layout.count <= EffectLayout.countMax,
      kept.individuals.count >= max(Self.firstDegreeCount, degree.count * 3 / 2)
    else { return }
    let evidence = evidence(of: accuracy)
    degree = (LossModel.degree(of: evidence, layout: layout), evidence.count)
  }

  // MARK: Proposals

  mutating func propose(_ context: inout ProposalContext) -> Genome? {
    if layout.count <= EffectLayout.countMax, !kept.individuals.isEmpty,
      let genome = mostPromising(&context)
    {
      return genome
    }
    if kept.individuals.count >= 2, let genome = offspring.genome(of: kept, &context) {
      return genome
    }
    return sampling.genome(&context)
  }

  /// Returns the genome of a draw's paths that promises most, or `nil` if none promises anything.
  private mutating func mostPromising(_ context: inout ProposalContext) -> Genome? {
    let exact = exact ?? ExactTables(space: space, costs: context.costs)
    self.exact = exact
    let models = models ?? learn(exact)
    self.models = models
    let draw = Draw(
      exact: exact,
      objectives: models.map { model in
        switch model {
        case .losses(let model):
          .losses(model.sample(temperature: Self.temperature, using: &context.generator))
        case .amounts(let model):
          .amounts(model.sample(temperature: Self.temperature, using: &context.generator))
        case .exact: nil
        }
      })
    let points = rivals(of: context).map { genome in
      draw.objectives(of: space.compact(genome), whole: genome, context.costs)
    }
    let paths = draw.paths(mixtureCount: Self.mixtureCount, using: &context.generator)
    let usual = referencePoint(draw, context.costs)
    // Where nothing promises to be as accurate as it must be, what comes nearest to it does.
    for referencePoint in [limited(usual, by: context.accuracyFloor), usual].compactMap(\.self) {
      let front = HypervolumeGain(of: points, referencePoint: referencePoint)
      if let genome = best(of: paths, under: draw, beside: front, context) { return genome }
    }
    return nil
  }

  /// Returns the new genome that would add most to a front, or `nil` if none adds anything.
  private func best(
    of paths: [TradeOffPath], under draw: Draw, beside front: HypervolumeGain,
    _ context: ProposalContext
  ) -> Genome? {
    var best: (gain: Double, genome: Genome)?
    for path in paths {
      for compact in path.genomes {
        let genome = space.expand(compact)
        guard !context.isKnown(genome), context.costs.violation(genome) <= 0 else { continue }
        let gain = front.gain(of: draw.objectives(of: compact, whole: genome, context.costs))
        if gain > best?.gain ?? 0 { best = (gain, genome) }
      }
    }
    return best?.genome
  }

  /// Returns a point up to which only candidates count that are as accurate as they must be.
  private func limited(_ point: [Double], by accuracyFloor: Double?) -> [Double]? {
    guard let accuracyFloor, let place = settings.accuracy?.place else { return nil }
    var point = point
    point[place] = min(point[place], -accuracyFloor)
    return point
  }

  /// Returns the genomes that a proposal is compared with: the best that were measured, and all
  /// that are being evaluated.
  private func rivals(of context: ProposalContext) -> [Genome] {
    let order = kept.individuals.indices.sorted { (kept.ranks[$0], $0) < (kept.ranks[$1], $1) }
    return order.prefix(Self.frontCountMax).map { kept.individuals[$0].genome }
      + context.outstanding.sorted { $0.key < $1.key }.map(\.value)
  }

  /// Returns up to where a point is of use: what the densest genome has of exact objectives, and a
  /// share of the best that was measured.
  private func referencePoint(_ draw: Draw, _ costs: ExactCosts) -> [Double] {
    let last = Genome(genes: space.choiceCounts.map { UInt8($0 - 1) })
    let dense = draw.objectives(of: last, whole: space.expand(last), costs)
    return dense.indices.map { objective in
      guard draw.isMeasured(objective) else { return dense[objective] }
      let best = kept.individuals.map { $0.objectives[objective] }.min() ?? dense[objective]
      return best < 0 ? best * Self.usefulShare : best / Self.usefulShare
    }
  }

  // MARK: Learning

  /// Learns from all that is kept.
  private func learn(_ exact: ExactTables) -> [Model] {
    (0..<settings.objectiveCount).map { objective in
      if exact.isExact(objective) { return .exact }
      if let accuracy = settings.accuracy, accuracy.place == objective {
        return .losses(
          LossModel(evidence(of: accuracy), layout: layout, degree: degree.value))
      }
      return .amounts(
        AmountModel(
          kept.individuals.map { (effects(of: $0), $0.objectives[objective]) }, layout: layout))
    }
  }

  private func effects(of individual: Individual) -> [Int] {
    layout.effects(of: space.compact(individual.genome))
  }

  /// Returns what was measured; losses that say no more than how many images are right are none.
  private func evidence(of accuracy: SearchSettings.Accuracy) -> [LossModel.Evidence] {
    let individuals = kept.individuals
    let saysMore = individuals.contains { individual in
      guard let loss = losses[individual.id] else { return false }
      return abs(loss - (1 + individual.objectives[accuracy.place])) > 1e-9
    }
    let own = individuals.map { individual in
      LossModel.Evidence(
        effects: effects(of: individual), share: -individual.objectives[accuracy.place],
        imageCount: imageCounts[individual.id] ?? accuracy.imageCount,
        meanLoss: saysMore ? losses[individual.id] : nil)
    }
    return own + earlier.evidence(beside: own)
  }
}
