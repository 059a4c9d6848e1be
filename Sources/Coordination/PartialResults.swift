import EvolutionarySearch
import SparsityCore

/// What was measured so far of candidates whose evaluation goes on.
///
/// It is kept only for an algorithm that wants to know, and not in strict mode, where the order of
/// shards must decide nothing, nor where costs are measured, of which a part says little.
package struct PartialResults: Sendable {
  private let isWanted: Bool
  private let imageCount: Int
  private let objectives: [Objective]
  private var counts: [CandidateID: Counts] = [:]

  private struct Counts: Sendable {
    var images = 0
    var correct = 0
  }

  /// Creates results of nothing.
  init(settings: CoordinatorSettings, search: Search) {
    isWanted =
      search.observesPartialMeasurements && settings.order == .asynchronous
      && settings.description.measuredCosts.isEmpty
    imageCount = settings.description.imageCount
    objectives = settings.description.objectives
  }

  /// Adds a shard's result, and returns what is known of the candidate since; `nil` if nobody
  /// wants to know or all of it was measured.
  mutating func add(
    correctCount: Int, imageCount shardSize: Int, of open: OpenCandidate
  ) -> PartialMeasurement? {
    guard isWanted else { return nil }
    let id = open.candidate.id
    counts[id, default: Counts()].images += shardSize
    counts[id]?.correct += correctCount
    guard let sum = counts[id], sum.images < imageCount else {
      counts[id] = nil
      return nil
    }
    let accuracy = Double(sum.correct) / Double(sum.images)
    return PartialMeasurement(
      candidate: open.candidate,
      objectives: objectives.map { objective in
        guard let value = objective == .accuracy ? accuracy : open.cost.value(of: objective) else {
          preconditionFailure("\(objective) has no model")
        }
        return objective.minimized(value)
      },
      share: Double(sum.images) / Double(imageCount))
  }

  /// Forgets a candidate that has no complete result.
  mutating func remove(_ candidate: CandidateID) { counts[candidate] = nil }
}
