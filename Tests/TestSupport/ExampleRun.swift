import AcceleratorModel
import Coordination
import EvolutionarySearch
import NetworkArchitectures
import SparsityCore
import Testing
import WireProtocol

extension ContentHash {
  /// A hash made of one repeated byte.
  package init(repeating byte: UInt8) {
    guard let hash = ContentHash(bytes: [UInt8](repeating: byte, count: 32)) else {
      preconditionFailure("32 bytes are a hash")
    }
    self = hash
  }
}

/// A run about a small network whose files nobody reads: what machines, services and reports are
/// tested with.
package struct ExampleRun {
  /// The identity of all such runs.
  package static let identity = RunID(7)

  /// A ViT of four layers a block that takes images of four patches.
  package let network: Network
  /// Every layer takes one of the patterns.
  package let space: SearchSpace
  /// The costs of genomes, exact and fast.
  package let costs: CostModel
  /// Four images in shards of two; tests change what they are about.
  package var description: RunDescription

  /// Creates a run about `depth` blocks of a width.
  package init(
    width: Int = 16, depth: Int = 1, patterns: [String] = ["2:4", "4:4"]
  ) throws {
    network = try TransformerShape(
      imageSize: 8, patchSize: 4, channels: 1, width: width, depth: depth, heads: 2,
      hiddenWidth: 2 * width, classes: 4
    ).network
    space = SearchSpace(
      layers: network.prunableLayers,
      patterns: try patterns.map { try #require(NMPattern($0)) })
    costs = try CostModel(network: network, space: space, profile: .systolic32, batch: 1)
    description = RunDescription(
      run: try #require(Self.identity),
      model: RunInput(path: "model", content: .init(repeating: 0)),
      configuration: RunInput(path: "config", content: .init(repeating: 1)),
      data: RunInput(path: "data", content: .init(repeating: 2)), imageCount: 4,
      bank: .derived(.init(repeating: 3)), criterion: "magnitude", space: space,
      numerics: ExampleBackend.numerics(.avx2, .f32),
      accelerator: "systolic32", acceleratorBatch: 1, objectives: [.accuracy, .throughput],
      costNames: Cost.wireNames, shuffleSeed: 1, shardSize: 2)
  }

  /// The settings of a coordinator whose search evaluates `initial` first, or the uniform genomes.
  package func settings(
    populationSize: Int, evaluations: Int, seed: UInt64 = 1, initial: [Genome]? = nil
  ) -> CoordinatorSettings {
    CoordinatorSettings(
      description: description,
      search: SearchSettings(
        populationSize: populationSize, evaluationCountMax: evaluations, seed: seed,
        algorithm: .nsga2, objectiveCount: description.objectives.count,
        initial: initial ?? space.uniformGenomes),
      model: CandidateModel(cost: { [costs] in costs.cost(of: $0) }), referencePoint: [0, 0],
      settingsText: "test")
  }
}
