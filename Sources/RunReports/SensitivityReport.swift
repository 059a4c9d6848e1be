import AcceleratorModel
import ContentHashing
import Coordination
import Foundation
import RunPreparation
import RunStorage
import SparsityCore
import TextReports
import WireProtocol

/// What the dense model loses by each choice of one decision alone, as far as a run has measured
/// it; its names are the fields of the JSON.
package struct SensitivityReport: Codable {
  /// A choice of one decision, with all others dense.
  package struct Entry: Codable {
    package var decision: String
    package var choice: String
    /// The images that both this and the dense model have measured.
    package var images: Int
    /// By how much the mean loss of these images is higher than the dense model's; absent if
    /// losses are not known.
    package var lossRise: Double?
    /// How many fewer of these images are right, as a fraction, with its 95 % interval.
    package var accuracyLoss: Double
    package var accuracyLossInterval: ConfidenceInterval
    /// The throughput as a multiple of the dense model's; absent where it is not modelled.
    package var throughput: Double?
  }

  package var model: String
  package var accelerator: String
  package var pruning: String
  /// The accuracy of the dense model.
  package var dense: FrontReport.Dense
  /// The mean loss of the dense model; absent if losses are not known.
  package var denseLoss: Double?
  /// The single changes that the run could measure, and those of them that it has.
  package var changes: Int
  package var measured: Int
  /// The choices of any decision that were measured, in the order of the search space.
  package var choices: [String]
  /// What was measured, by decision in the order of the network.
  package var entries: [Entry]

  /// Reads what a run has measured, whichever search it was.
  ///
  /// - Throws: ``TextReports/ExplainedError`` if the dense model was not measured.
  /// - Complexity: O(*n*) for *n* records.
  package init(of journaled: JournaledFront) throws {
    guard let dense = journaled.denseGenome else {
      throw ExplainedError(
        "what single changes lose cannot be told: the dense model is not in the search space",
        nextStep: "add the dense pattern", isWrongUsage: true)
    }
    let description = journaled.description
    let slices = ImageSlice.slices(
      imageCount: description.imageCount, shardSize: description.shardSize)
    let changes = Self.changes(of: dense, in: journaled.space)
    let shardKeys = ShardKeys(description: description)
    let denseKeys = shardKeys.keys(of: dense, slices: slices)
    let changeKeys = changes.map { shardKeys.keys(of: $0.genome, slices: slices) }
    let found = try journaled.measurements(of: Set(changeKeys.joined()).union(denseKeys))
    let base = denseKeys.map { found[$0] }
    guard !base.contains(where: { $0 == nil }) else {
      throw ExplainedError(
        "the run in \(journaled.directory.path) has not measured the dense model",
        nextStep: "measure single changes with: elsa sensitivity run.yaml --run-directory DIR")
    }
    let whole = PairedMeasurements(zip(base, base))
    self.dense = FrontReport.Dense(
      correct: whole.count.images - whole.wrong, of: description.imageCount)
    denseLoss = whole.firstLoss.map { $0 / Double(whole.count.images) }
    model = journaled.front.model
    accelerator = journaled.front.accelerator
    pruning = journaled.front.pruning
    self.changes = changes.count
    let denseThroughput = journaled.costs.denseCost.value(of: .throughput)
    entries = zip(changes, changeKeys).compactMap { change, keys in
      let pair = PairedMeasurements(zip(base, keys.map { found[$0] }))
      guard pair.count.images > 0 else { return nil }
      let (lost, gained) = (pair.count.firstOnly, pair.count.secondOnly)
      let images = Double(pair.count.images)
      let throughput = journaled.costs.cost(of: change.genome).value(of: .throughput)
      return Entry(
        decision: change.decision, choice: change.choice, images: pair.count.images,
        lossRise: pair.firstLoss.flatMap { first in
          pair.secondLoss.map { ($0 - first) / images }
        },
        accuracyLoss: Double(lost - gained) / images,
        accuracyLossInterval: ConfidenceInterval(
          ofDifference: lost, gained, of: pair.count.images),
        throughput: denseThroughput.flatMap { dense in throughput.map { $0 / dense } })
    }
    measured = entries.count
    let names = Set(entries.map(\.choice))
    choices = []
    for choice in journaled.space.decisions.flatMap(\.choices).map(\.description)
    where names.contains(choice) && !choices.contains(choice) {
      choices.append(choice)
    }
  }

  /// Returns the genomes that differ from the dense one in one decision.
  private static func changes(
    of dense: Genome, in space: SearchSpace
  ) -> [(decision: String, choice: String, genome: Genome)] {
    space.decisions.enumerated().flatMap { place, decision in
      decision.choices.indices.compactMap { choice in
        guard choice != Int(dense.genes[place]) else { return nil }
        var genome = dense
        genome.genes[place] = UInt8(choice)
        return (decision.name, decision.choices[choice].description, genome)
      }
    }
  }

  /// Keeps the report in a run directory, unless a coordinator works there.
  package func keep(in directory: RunDirectory, notified: (String) -> Void) throws {
    do {
      try LockedRunDirectory(directory).write(encoded(), to: directory.singleChanges)
    } catch RunStorageError.inUse {
      notified(
        "Not kept in \(directory.singleChanges), since a coordinator works on the run.")
    }
  }

  private func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return try encoder.encode(self)
  }
}

/// What two genomes have made of the slices that both have measured.
private struct PairedMeasurements {
  struct Count {
    var images = 0
    /// The images that only one of the two has right.
    var firstOnly = 0
    var secondOnly = 0
  }

  private(set) var count = Count()
  /// The images that the first has wrong.
  private(set) var wrong = 0
  /// The sums of losses; `nil` if one is missing.
  private(set) var firstLoss: Double? = 0
  private(set) var secondLoss: Double? = 0

  init(_ pairs: some Sequence<(ShardMeasurement?, ShardMeasurement?)>) {
    for case (let first?, let second?) in pairs {
      count.images += first.correct.count
      wrong += first.correct.count - first.correct.populationCount
      count.firstOnly += first.correct.populationCount(without: second.correct)
      count.secondOnly += second.correct.populationCount(without: first.correct)
      firstLoss = firstLoss.flatMap { sum in first.summedLoss.map { sum + $0 } }
      secondLoss = secondLoss.flatMap { sum in second.summedLoss.map { sum + $0 } }
    }
  }
}

extension JournaledFront {
  /// Returns the results that count, by key: of equal ones the first durable one.
  fileprivate func measurements(of keys: Set<ShardKey>) throws -> [ShardKey: ShardMeasurement] {
    let reader = try JournalReader(of: directory)
    let discards = DiscardedResults(try reader.discards())
    var found: [ShardKey: ShardMeasurement] = [:]
    for (sequence, completion) in try reader.results(of: keys)
    where found[completion.key] == nil
      && !discards.contains(resultOf: completion.keyName, at: sequence)
    {
      found[completion.key] = completion.measurement
    }
    return found
  }
}
