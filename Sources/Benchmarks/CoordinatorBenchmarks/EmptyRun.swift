import AcceleratorModel
import ContentHashing
import Coordination
import EvolutionarySearch
import NetworkArchitectures
import SparsityCore
import WireProtocol

/// A run whose evaluations cost nothing, over the search space of a ViT of twelve blocks.
///
/// Both sides build it by themselves, so no model or image is needed.
struct EmptyRun: Sendable {
  /// What a coordinator is told.
  let settings: CoordinatorSettings
  /// What a worker reports to have loaded.
  let inputs: PreparedInputs
  /// What a candidate costs.
  let costs: CostModel

  /// What workers compute with: nothing.
  static let offer = BackendOffer(backend: Backend(name: "empty", version: "1"), values: [:])
  /// The images of the only shard of each candidate.
  private static let imageCount = 250

  /// Creates a run of so many candidates, each of one shard, chosen at random.
  init(evaluations: Int) throws {
    let network = try TransformerShape(
      imageSize: 224, patchSize: 16, channels: 3, width: 192, depth: 12, heads: 3,
      hiddenWidth: 768, classes: 1000
    ).network
    let patterns = ["1:4", "2:4", "4:4"].compactMap { NMPattern($0) }
    let space = SearchSpace(layers: network.prunableLayers, patterns: patterns)
    let costs = try CostModel(network: network, space: space, profile: .systolic32, batch: 8)
    let hashes = ["model", "data", "bank"].map { name in
      var hasher = ContentHasher()
      hasher.update("elsa benchmark coordinator: \(name)")
      return hasher.finalized()
    }
    guard let run = RunID(0xE15A_0000_0000_0001) else { preconditionFailure("a run of zero") }
    let description = RunDescription(
      run: run, model: RunInput(path: "none", content: hashes[0]),
      configuration: RunInput(
        path: "none",
        content: ContentHash(of: Array(CoordinatorBenchmark.modelConfiguration.utf8).span)),
      data: RunInput(path: "none", content: hashes[1]), imageCount: Self.imageCount,
      bank: .derived(hashes[2]), criterion: "magnitude", space: space,
      numerics: Numerics(backend: Self.offer.backend, options: [:]),
      accelerator: "systolic32", acceleratorBatch: 8, objectives: [.accuracy, .throughput],
      costNames: Cost.wireNames, shuffleSeed: 1, shardSize: Self.imageCount)
    self.costs = costs
    settings = CoordinatorSettings(
      description: description,
      search: SearchSettings(
        populationSize: 50, evaluationCountMax: evaluations, seed: 1, algorithm: .random,
        objectiveCount: 2, initial: []),
      model: CandidateModel(cost: { costs.cost(of: $0) }), referencePoint: [0, 0],
      settingsText: Self.settings(evaluations: evaluations))
    inputs = PreparedInputs(
      space: space, model: hashes[0], data: hashes[1], imageCount: Self.imageCount,
      bank: hashes[2])
  }

  /// Returns the run file, which says up to where the front is reported.
  private static func settings(evaluations: Int) -> String {
    """
    model: {weights: none}
    data: {search: none}
    patterns: ["2:4", "4:4"]
    referencePoint: {accuracy: 0, throughput: 0}
    search: {evaluations: \(evaluations)}
    """
  }

  /// Returns what an evaluation finds out, without looking at an image.
  func evaluate(_ task: EvaluationTask) -> Evaluation {
    var correct = BitVector(count: task.slice.count)
    for (index, gene) in task.genome.genes.enumerated() where index < correct.count {
      correct[index] = gene > 0
    }
    return Evaluation(
      measurement: ShardMeasurement(correct: correct, summedLoss: 1),
      costs: costs.cost(of: task.genome).wireValues, microseconds: 1)
  }
}
