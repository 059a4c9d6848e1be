import AcceleratorModel
import Coordination
import Evaluation
import Foundation
import ImageData
import ModelFiles
import Pruning
import SparsityCore
import Synchronization
import Testing
import TestSupport
import WireProtocol
import WorkerService

@Suite(.serialized) struct ModelShardEvaluatorTests {
  let description: RunDescription
  let space: SearchSpace

  init() throws {
    description = try DigitsExample.description(
      numerics: InferenceNumerics(precision: .f32).numerics, shardSize: 100)
    space = description.space
  }

  private func tasks(of genome: Genome) -> [EvaluationTask] {
    description.slices.enumerated().map { index, slice in
      EvaluationTask(
        shard: ShardID(candidate: CandidateID(0), slice: index), slice: slice, genome: genome)
    }
  }

  private func outcomes(of genome: Genome, _ evaluator: ModelShardEvaluator) throws
    -> [ShardOutcome]
  {
    try tasks(of: genome).map { try evaluator.evaluate($0, control: EvaluationControl { _ in }) }
  }

  @Test func `what was loaded is what the run wants`() throws {
    let inputs = try ModelShardEvaluator(description: description, threads: 2).inputs
    #expect(inputs.space == space)
    #expect(inputs.model == description.model?.content)
    #expect(inputs.data == description.data?.content)
    #expect(inputs.imageCount == 450)
    #expect(inputs.bank == description.bank.content)
  }

  @Test(arguments: [("4:4", 444), ("3:4", 445), ("2:4", 426), ("1:4", 103)])
  func `shards add up to the known counts of the digits`(pattern: String, correct: Int) throws {
    let evaluator = try ModelShardEvaluator(description: description, threads: 2)
    let level = try #require(space.decisions[0].patterns.firstIndex { "\($0)" == pattern })
    let genome = Genome(uniform: level, count: space.decisions.count)
    let outcomes = try outcomes(of: genome, evaluator)
    #expect(outcomes.map(\.measurement.correct.count) == [100, 100, 100, 100, 50])
    let sum = outcomes.map(\.measurement.correct.populationCount).reduce(0, +)
    #expect(abs(sum - correct) <= 1)
    let path = try #require(description.model?.path)
    let costs = try CostModel(
      network: try LoadedModel(
        path: path, configurationPath: description.configuration?.path
      ).weights.network, space: space, profile: .systolic32, batch: 8)
    #expect(outcomes.allSatisfy { $0.costs == costs.cost(of: genome).wireValues })
  }

  @Test func `the number of threads never shows`() throws {
    let genome = Genome(genes: (0..<space.decisions.count).map { UInt8($0 % 4) })
    let one = try ModelShardEvaluator(description: description, threads: 1)
    let three = try ModelShardEvaluator(description: description, threads: 3)
    #expect(try outcomes(of: genome, one) == outcomes(of: genome, three))
  }

  @Test func `progress goes up to the images of the slice`() throws {
    let evaluator = try ModelShardEvaluator(description: description, threads: 2)
    let task = tasks(of: Genome(uniform: 3, count: space.decisions.count))[0]
    let progress = Mutex<[Int]>([])
    let control = EvaluationControl { count in progress.withLock { $0.append(count) } }
    _ = try evaluator.evaluate(task, control: control)
    let counts = progress.withLock { $0 }
    #expect(counts == counts.sorted())
    #expect(counts.count > 1)
    #expect(counts.last == 100)
  }

  @Test func `a cancelled evaluation stops with an error`() throws {
    let evaluator = try ModelShardEvaluator(description: description, threads: 2)
    let task = tasks(of: Genome(uniform: 3, count: space.decisions.count))[0]
    let control = EvaluationControl { _ in }
    control.cancel()
    #expect(throws: EvaluationError.cancelled) { try evaluator.evaluate(task, control: control) }
  }

  @Test func `inputs with other content are named`() throws {
    let other = ContentHash(repeating: 9)
    let inputs: [WritableKeyPath<RunDescription, RunInput?>] = [\.model, \.configuration, \.data]
    for input in inputs {
      var wanted = description
      let path = try #require(wanted[keyPath: input]).path
      wanted[keyPath: input] = RunInput(path: path, content: other)
      let error = #expect(throws: (any Error).self) {
        try ModelShardEvaluator(description: wanted, threads: 1)
      }
      #expect("\(try #require(error))".contains("\(path) has other content"))
    }
    var missing = description
    missing.data = RunInput(path: "/nowhere/images.safetensors", content: other)
    let error = #expect(throws: (any Error).self) {
      try ModelShardEvaluator(description: missing, threads: 1)
    }
    #expect("\(try #require(error))".contains("/nowhere/images.safetensors"))
  }

  @Test func `images that the coordinator claims and the file lacks are not counted on`() throws {
    // Their shuffle alone would take 17 GB.
    var wanted = description
    wanted.imageCount = 1 << 31
    let error = #expect(throws: (any Error).self) {
      try ModelShardEvaluator(description: wanted, threads: 1)
    }
    #expect("\(try #require(error))".contains("has 450 images, the coordinator claims 2147483648"))
  }

  @Test func `what this version cannot do is refused`() throws {
    var wanted = description
    wanted.criterion = "by taste"
    let criterion = #expect(throws: (any Error).self) {
      try ModelShardEvaluator(description: wanted, threads: 1)
    }
    #expect("\(try #require(criterion))".contains("by taste"))
  }
}
