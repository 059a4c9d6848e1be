import SparsityCore

/// What was measured on each image of a slice, in the order of the slice.
package struct ImageMeasurements: Hashable, Sendable {
  /// Whether the class with the highest logit is the label; among equals, the lower class wins.
  package let correct: BitVector
  /// Whether the label is among the five highest logits.
  package let top5Correct: BitVector
  /// The cross-entropy of each image.
  package let losses: [Double]

  /// The sum of the losses in the order of the slice, so that it has the same bits every time.
  package var summedLoss: Double { losses.reduce(0, +) }
  /// The number of images.
  package var count: Int { losses.count }

  /// Creates the measurements of a slice from those of its images, in order.
  init(_ images: [ImageMeasurement]) {
    var correct = BitVector(count: images.count)
    var top5Correct = BitVector(count: images.count)
    for (index, image) in images.enumerated() {
      correct[index] = image.rank == 0
      top5Correct[index] = image.rank < 5
    }
    self.correct = correct
    self.top5Correct = top5Correct
    self.losses = images.map(\.loss)
  }
}

/// What was measured on one image.
struct ImageMeasurement: Hashable, Sendable {
  /// The classes whose logits come before the label's: higher ones, and equal ones of lower index.
  let rank: Int
  /// The cross-entropy of the label.
  let loss: Double

  /// Measures an image, or returns `nil` if a logit is not finite.
  init?(logits: Span<Float>, label: Int) {
    let own = logits[label]
    var rank = 0
    for index in logits.indices {
      let logit = logits[index]
      guard logit.isFinite else { return nil }
      if logit > own || logit == own && index < label { rank += 1 }
    }
    self.rank = rank
    self.loss = crossEntropy(logits: logits, label: label)
  }
}
