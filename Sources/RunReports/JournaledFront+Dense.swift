import Coordination
import RunStorage
import SparsityCore
import WireProtocol

extension JournaledFront {
  /// Returns the front with what its members lose against the dense model, image by image, if the
  /// run has evaluated that.
  ///
  /// What was measured of a genome and a slice of the images stands in the journal under the hash
  /// of both, whichever candidate it was measured for.
  ///
  /// - Parameter notified: Is told what of the journal cannot be read and can be done without.
  /// - Complexity: that of ``RunStorage/JournalReader/results(of:about:)``, of all records only in
  ///   a run some of whose results were discarded.
  package func comparedWithDense(notified: (String) -> Void) throws -> JournaledFront {
    do {
      return try comparedWithDense()
    } catch let error as RunStorageError {
      notified("What is lost against the dense model cannot be told: \(error)")
      return self
    }
  }

  private func comparedWithDense() throws -> JournaledFront {
    guard let denseGenome, !shownPoints.isEmpty else { return self }
    let keys = ShardKeys(description: description)
    let slices = ImageSlice.slices(
      imageCount: description.imageCount, shardSize: description.shardSize)
    let denseKeys = keys.keys(of: denseGenome, slices: slices)
    let pointKeys = try shownPoints.map { keys.keys(of: try genome(of: $0), slices: slices) }
    let correct = try correct(of: Set(denseKeys).union(pointKeys.joined()), dense: denseGenome)
    let dense = denseKeys.compactMap { correct[$0] }
    guard dense.count == slices.count else { return self }

    var compared = self
    let denseCount = dense.reduce(0) { $0 + $1.populationCount }
    compared.front.dense = FrontReport.Dense(correct: denseCount, of: description.imageCount)
    for (place, keys) in pointKeys.enumerated() {
      let own = keys.compactMap { correct[$0] }
      guard own.count == dense.count else { continue }
      let lost = zip(dense, own).reduce(0) { $0 + $1.0.populationCount(without: $1.1) }
      let gained = zip(own, dense).reduce(0) { $0 + $1.0.populationCount(without: $1.1) }
      var point = shownPoints[place]
      point.accuracyLoss = Double(lost - gained) / Double(description.imageCount)
      // Nobody differs from itself on other images either.
      point.accuracyLossInterval =
        keys == denseKeys
        ? ConfidenceInterval(lower: 0, upper: 0)
        : ConfidenceInterval(ofDifference: lost, gained, of: description.imageCount)
      if front.points.isEmpty {
        compared.front.nearestMiss = point
      } else {
        compared.front.points[place] = point
      }
    }
    compared.front = compared.front.comparingConfirmed()
    return compared
  }

  /// The members of the front; without any, what comes nearest to meeting the constraints.
  private var shownPoints: [FrontReport.Point] {
    front.points.isEmpty ? [front.nearestMiss].compactMap(\.self) : front.points
  }

  /// The candidates among which the dense model is looked for: searches begin with it.
  private static let firstCountMax = 1_000

  /// Returns which images were classified correctly, by key, as far as the results count.
  private func correct(of keys: Set<ShardKey>, dense: Genome) throws -> [ShardKey: BitVector] {
    let reader = try JournalReader(of: directory)
    let discards = DiscardedResults(try reader.discards())
    var candidates = Set(shownPoints.map { CandidateID($0.candidate) })
    if discards.keyNames.isEmpty {
      guard
        let first = try reader.candidate(with: dense, amongFirst: Self.firstCountMax)
      else { return [:] }
      candidates.insert(first)
    }
    // Behind discards, results may be those of candidates of a search that counts no more.
    let results = try reader.results(
      of: keys, about: discards.keyNames.isEmpty ? candidates : nil)
    var correct: [ShardKey: BitVector] = [:]
    for (sequence, completion) in results {
      // The first durable result is the one that counts.
      guard correct[completion.key] == nil,
        !discards.contains(resultOf: completion.keyName, at: sequence)
      else { continue }
      correct[completion.key] = completion.measurement.correct
    }
    return correct
  }
}
