/// The mean and standard deviation of each channel by which pixel values are normalised.
package struct PixelNormalization: Hashable, Sendable {
  /// The mean of each channel, where pixels are in 0…1.
  package let mean: [Float]
  /// The standard deviation of each channel, where pixels are in 0…1.
  package let standardDeviation: [Float]

  /// Creates a normalisation.
  ///
  /// - Throws: ``ModelError`` unless both have as many finite numbers, and deviations are positive.
  package init(mean: [Float], standardDeviation: [Float]) throws(ModelError) {
    guard mean.count == standardDeviation.count else {
      throw .wrongChannelCount(
        quantity: "the standard deviation", found: standardDeviation.count, expected: mean.count)
    }
    for value in mean where !value.isFinite {
      throw .outOfRange(quantity: "a mean", value: "\(value)", allowed: "finite")
    }
    for value in standardDeviation where !(value > 0 && value.isFinite) {
      throw .outOfRange(
        quantity: "a standard deviation", value: "\(value)", allowed: "finite and positive")
    }
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// The normalised value of every pixel value: 256 numbers for each channel.
  ///
  /// Computed as PyTorch does: divided by 255, less the mean, divided by the deviation.
  var table: [Float] {
    zip(mean, standardDeviation).flatMap { mean, deviation in
      (0..<256).map { (Float($0) / 255 - mean) / deviation }
    }
  }
}
