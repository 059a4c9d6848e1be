import SparsityCore

/// What a search before this one has found about a genome: something to expect, never a result.
package struct EarlierResult: Hashable, Sendable {
  /// The choices.
  package let genome: Genome
  /// The share of images that were right, in 0...1.
  package let share: Double
  /// The mean loss; `nil` if it is not known.
  package let meanLoss: Double?
  /// The images that were measured.
  package let imageCount: Int

  package init(genome: Genome, share: Double, meanLoss: Double?, imageCount: Int) {
    self.genome = genome
    self.share = share
    self.meanLoss = meanLoss
    self.imageCount = imageCount
  }
}
