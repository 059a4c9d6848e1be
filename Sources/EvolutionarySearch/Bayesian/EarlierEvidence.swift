import SparsityCore

/// What earlier searches have found, as evidence for what this one may expect.
///
/// Their model, images or pruning may be others, so their losses are taken relative to the least of
/// them, with much doubt, and all of them together count no more than a few results of its own.
struct EarlierEvidence: Sendable {
  private let results: [LossModel.Evidence]
  private let least: (loss: Double?, share: Double)

  /// The share of a loss by which it may be another one here.
  private static let doubt = 0.3
  /// The results of this search as which all earlier ones count.
  private static let weight = 40.0

  init(_ results: [EarlierResult], space: ChoiceSpace, layout: EffectLayout) {
    let factor = max(1, Double(results.count) / Self.weight)
    self.results = results.map { result in
      var evidence = LossModel.Evidence(
        effects: layout.effects(of: space.compact(result.genome)), share: result.share,
        imageCount: result.imageCount, meanLoss: result.meanLoss)
      evidence.doubt = Self.doubt
      evidence.noiseFactor = factor
      return evidence
    }
    let losses = results.compactMap(\.meanLoss)
    least = (
      losses.count == results.count ? losses.min() : nil, results.map(\.share).max() ?? 1
    )
  }

  /// Returns the results as those of a search would be that has found some itself.
  func evidence(beside own: [LossModel.Evidence]) -> [LossModel.Evidence] {
    let losses = own.compactMap(\.meanLoss)
    let knowsLosses = losses.count == own.count
    guard let leastLoss = knowsLosses ? losses.min() : 0,
      let greatestShare = own.map(\.share).max(), !knowsLosses || least.loss != nil
    else { return [] }
    return results.map { result in
      var moved = LossModel.Evidence(
        effects: result.effects,
        share: min(1, result.share / max(least.share, 1e-9) * greatestShare),
        imageCount: result.imageCount,
        meanLoss: knowsLosses
          ? result.meanLoss.map { $0 - (least.loss ?? 0) + leastLoss } : nil)
      moved.doubt = result.doubt
      moved.noiseFactor = result.noiseFactor
      return moved
    }
  }
}
