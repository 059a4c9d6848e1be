import AcceleratorModel
import ContentHashing
import Coordination
import EvolutionarySearch
import NetworkArchitectures
import SparsityCore
import WireProtocol

/// A small run whose evaluations are pure functions of genome and slice.
struct SimulatedRun: Sendable {
  /// What the coordinator is told.
  var settings: CoordinatorSettings
  /// What workers report to have loaded.
  let inputs: PreparedInputs
  /// The genomes that may be proposed, where they are few.
  let feasibleCount: Int?

  /// Draws a run; `order` and `evaluationCount` replace what chance wants.
  init(
    using generator: inout SeededGenerator, order: CommitOrder? = nil,
    evaluationCount: Int? = nil
  ) {
    let drawnDepth = generator.number(in: 1...2)
    let depth = evaluationCount == nil ? drawnDepth : 2
    let network = Self.shape(depth: depth).network
    let patterns = Array([NMPattern("1:4"), NMPattern("2:4"), NMPattern("4:4")].compactMap(\.self))
    let space = SearchSpace(layers: network.prunableLayers, patterns: patterns)
    let model = Self.costModel(network: network, space: space)
    // Some spaces are exhausted before the evaluations are spent.
    let isExhaustive = depth == 1 && generator.chance(0.1)
    let drawnCount = isExhaustive ? 100 : generator.number(in: 5...40)
    let evaluationCountMax = evaluationCount ?? drawnCount
    let objectives: [Objective] =
      generator.chance(0.3) ? [.accuracy, .throughput, .macs] : [.accuracy, .throughput]
    let imageCount = generator.number(in: 4...40)
    let shardSize = generator.number(in: max(1, imageCount / 5)...imageCount)
    let hashes = (0..<4).map { _ in Self.hash(generator.next()) }
    guard let identity = RunID(generator.next() | 1) else { Self.impossible("a zero run") }
    let description = RunDescription(
      run: identity,
      model: RunInput(path: "model", content: hashes[0]),
      configuration: RunInput(path: "config", content: hashes[1]),
      data: RunInput(path: "data", content: hashes[2]), imageCount: imageCount,
      bank: .derived(hashes[3]),
      criterion: "magnitude", space: space,
      numerics: SimulatedBackend.numerics,
      accelerator: "systolic32", acceleratorBatch: 1, objectives: objectives,
      costNames: Cost.wireNames, shuffleSeed: generator.next(), shardSize: shardSize)
    var search = SearchSettings(
      populationSize: generator.number(in: 4...12), evaluationCountMax: evaluationCountMax,
      seed: generator.next(), algorithm: generator.chance(0.2) ? .random : .nsga2,
      objectiveCount: objectives.count,
      initial: space.uniformGenomes)
    // Plans of older simulations stay as they were drawn.
    if search.algorithm == .nsga2, search.seed % 3 == 0 { search.algorithm = .bayesian }
    search.accuracy = objectives.firstIndex(of: .accuracy).map {
      SearchSettings.Accuracy(
        place: $0, imageCount: imageCount, floor: Self.floor(search.seed, space))
    }
    let isConstrained = generator.chance(0.3)
    let drawnOrder = Self.order(using: &generator)
    settings = CoordinatorSettings(
      description: description, search: search, order: order ?? drawnOrder,
      model: CandidateModel(
        cost: { model.cost(of: $0) },
        violation: { _, cost in
          isConstrained ? Double(cost.macs) / Double(cost.denseMacs) - 0.9 : 0
        }),
      referencePoint: objectives.map { $0.isMaximized ? 0 : 1e9 },
      settingsText: "simulation", timing: Self.timing(using: &generator),
      bounds: Self.bounds(using: &generator))
    inputs = PreparedInputs(
      space: space, model: hashes[0], data: hashes[2], imageCount: imageCount, bank: hashes[3])
    feasibleCount = Self.feasibleCount(settings: settings, choices: space.choiceCounts)
    // Plans of older simulations stay as they were drawn, here too.
    guard search.seed % 5 < 3, let place = objectives.firstIndex(of: .accuracy) else { return }
    settings.stopping = EarlyStopping(
      sliceSizes: description.slices.map(\.count), accuracyPlace: place)
  }

  /// Returns how many candidates must be concluded in the end, when stopped evaluations have left
  /// out so many images.
  func conclusionCount(savedImageCount: Int) -> Int {
    let count =
      settings.search.evaluationCountMax + savedImageCount / settings.description.imageCount
    return min(count, feasibleCount ?? count)
  }

  /// Returns what an honest evaluation of a slice finds out.
  func measure(_ genome: Genome, _ slice: ImageSlice) -> ShardMeasurement {
    var correct = BitVector(count: slice.count)
    var summedLoss = 0.0
    for (offset, image) in slice.range.enumerated() {
      var generator = SeededGenerator(seed: Self.number(of: genome), stream: UInt64(image))
      correct[offset] = generator.chance(0.7)
      summedLoss += generator.unitInterval()
    }
    return ShardMeasurement(correct: correct, summedLoss: summedLoss)
  }

  /// Returns what the run must find out about a genome.
  ///
  /// - Parameters:
  ///   - stopped: what is believed of it, if its evaluation ends early.
  ///   - lacksReference: whether what accuracies are compared with was quarantined.
  func evaluate(
    _ id: CandidateID, _ genome: Genome, stopped: StoppedEvaluation? = nil,
    lacksReference: Bool = false
  ) -> EvaluatedCandidate {
    let description = settings.description
    let slices = description.slices.prefix(stopped?.sliceCount ?? description.slices.count)
    let shards = slices.map { measure(genome, $0) }
    let correctCount = shards.reduce(0) { $0 + $1.correct.populationCount }
    let imageCount = slices.reduce(0) { $0 + $1.count }
    let accuracy = stopped?.accuracy ?? Double(correctCount) / Double(imageCount)
    let cost = settings.model.cost(genome)
    return EvaluatedCandidate(
      candidate: id, correctCount: correctCount, imageCount: imageCount,
      summedLoss: shards.reduce(0) { $0 + ($1.summedLoss ?? .nan) }, costs: cost.wireValues,
      objectives: description.objectives.map { cost.value(of: $0) ?? accuracy },
      violation: violation(of: genome, accuracy, lacksReference: lacksReference),
      stop: stopped.map { EvaluatedCandidate.Stop(estimatedLoss: $0.meanLoss) })
  }

  /// Returns how far a genome with an accuracy is from what it needs.
  private func violation(of genome: Genome, _ accuracy: Double, lacksReference: Bool) -> Double {
    switch settings.search.accuracy?.floor {
    case nil: return 0
    case .atLeast(let share): return AccuracyFloor.violation(of: accuracy, floor: share)
    case .lossAtMost(_, against: genome) where settings.model.violation(genome, cost(genome)) > 0:
      return .infinity
    case .lossAtMost(_, against: genome): return 0
    case .lossAtMost where lacksReference: return 1
    case .lossAtMost(let loss, against: let reference):
      let correct = settings.description.slices.reduce(0) {
        $0 + measure(reference, $1).correct.populationCount
      }
      let share = Double(correct) / Double(settings.description.imageCount)
      return AccuracyFloor.violation(of: accuracy, floor: share - loss)
    }
  }

  private func cost(_ genome: Genome) -> Cost { settings.model.cost(genome) }

  /// Returns what an evaluation believes that has ended early; `nil` of one that is whole.
  func stopped(_ evaluation: EvaluatedCandidate) -> StoppedEvaluation? {
    let (slices, objectives) = (settings.description.slices, settings.description.objectives)
    guard let stop = evaluation.stop, let place = objectives.firstIndex(of: .accuracy),
      let last = slices.firstIndex(where: { $0.range.upperBound >= evaluation.imageCount })
    else { return nil }
    return StoppedEvaluation(
      sliceCount: last + 1, imageCount: evaluation.imageCount,
      accuracy: evaluation.objectives[place], meanLoss: stop.estimatedLoss)
  }

  /// Whether a genome belongs to the twelfth with a number, for candidates that do harm.
  func isInTwelfth(_ twelfth: UInt64, _ genome: Genome) -> Bool {
    var generator = SeededGenerator(seed: Self.number(of: genome))
    return generator.next() % 12 == twelfth
  }

  private static func number(of genome: Genome) -> UInt64 {
    genome.genes.reduce(1) { $0 &* 31 &+ UInt64($1) }
  }

  private static func hash(_ number: UInt64) -> ContentHash {
    var hasher = ContentHasher()
    hasher.update(number)
    return hasher.finalized()
  }

  private static func shape(depth: Int) -> TransformerShape {
    do {
      return try TransformerShape(
        imageSize: 8, patchSize: 4, channels: 1, width: 16, depth: depth, heads: 2,
        hiddenWidth: 32, classes: 4)
    } catch {
      impossible("\(error)")
    }
  }

  private static func costModel(network: Network, space: SearchSpace) -> CostModel {
    do {
      return try CostModel(network: network, space: space, profile: .systolic32, batch: 1)
    } catch {
      impossible("\(error)")
    }
  }

  private static func order(using generator: inout SeededGenerator) -> CommitOrder {
    let window = generator.number(in: 4...12)
    return generator.chance(0.3) ? .strict(window: window) : .asynchronous
  }

  /// The accuracy that candidates of some simulations need; plans of older ones stay as they were.
  private static func floor(_ seed: UInt64, _ space: SearchSpace) -> AccuracyFloor? {
    switch seed % 7 {
    case 0: .lossAtMost(0.05, against: space.uniformGenomes[0])
    case 1: .atLeast(0.7)
    default: nil
    }
  }

  private static func timing(using generator: inout SeededGenerator) -> CoordinatorTiming {
    CoordinatorTiming(
      heartbeatInterval: .seconds(1), leaseDuration: .seconds(4),
      sessionTimeout: .milliseconds(generator.number(in: 4_000...15_000)),
      stallTimeout: .seconds(60),
      storageRetryInterval: .milliseconds(generator.number(in: 100...3_000)),
      farewellTimeout: .seconds(2))
  }

  private static func bounds(using generator: inout SeededGenerator) -> CoordinatorBounds {
    CoordinatorBounds(
      sessionCountMax: 100,
      waitingRecordCountMax: generator.chance(0.2) ? generator.number(in: 1...8) : 1_000,
      leasesPerSlotMax: generator.number(in: 1...2),
      snapshotIntervalRecords: generator.chance(0.7) ? generator.number(in: 1...60) : 100_000)
  }

  /// Returns how many genomes are feasible, or `nil` if there are many.
  private static func feasibleCount(settings: CoordinatorSettings, choices: [Int]) -> Int? {
    let total = choices.reduce(1, *)
    guard total < 1_000 else { return nil }
    func isFeasible(_ genome: Genome) -> Bool {
      settings.model.violation(genome, settings.model.cost(genome)) <= 0
    }
    // What others are compared with is proposed in any case.
    let reference = settings.search.accuracy?.floor?.reference
    let additional = reference.map { isFeasible($0) ? 0 : 1 } ?? 0
    return (0..<total).count { number in
      var rest = number
      let genes = choices.map { count in
        defer { rest /= count }
        return UInt8(rest % count)
      }
      return isFeasible(Genome(genes: genes))
    } + additional
  }

  private static func impossible(_ diagnostic: String) -> Never {
    preconditionFailure("the simulated run cannot be set up: \(diagnostic)")
  }
}
