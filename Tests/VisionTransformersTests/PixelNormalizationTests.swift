import Testing
import VisionTransformers

struct PixelNormalizationTests {
  @Test func `a normalisation has as many deviations as means`() {
    let expected = ModelError.wrongChannelCount(
      quantity: "the standard deviation", found: 1, expected: 3)
    #expect(throws: expected) {
      _ = try PixelNormalization(mean: [0.5, 0.5, 0.5], standardDeviation: [0.5])
    }
  }

  @Test(arguments: [0, -1, Float.nan, .infinity])
  func `a deviation that cannot divide is refused`(deviation: Float) {
    let error = #expect(throws: ModelError.self) {
      _ = try PixelNormalization(mean: [0.5], standardDeviation: [deviation])
    }
    #expect(error?.description.contains("\(deviation)") == true)
  }

  @Test func `a mean that is not finite is refused`() {
    #expect(throws: ModelError.self) {
      _ = try PixelNormalization(mean: [.nan], standardDeviation: [1])
    }
  }
}
