import RunReports
import Testing

/// Expected numbers come from elsewhere: statsmodels 0.15.0 and SciPy 1.17.1.
struct ConfidenceIntervalTests {
  /// Checks both ends.
  private func expect(
    _ interval: ConfidenceInterval, _ lower: Double, _ upper: Double, within tolerance: Double
  ) {
    #expect(abs(interval.lower - lower) < tolerance, "\(interval)")
    #expect(abs(interval.upper - upper) < tolerance, "\(interval)")
  }

  /// From `proportion_confint(hits, count, 0.05, "wilson")` of statsmodels.
  @Test(arguments: [
    (0, 10, 0.0, 0.27753279986288926), (1, 10, 0.017876213095072924, 0.40415002679523854),
    (35, 50, 0.5624964953554659, 0.8089644649911905),
    (357, 450, 0.7535150043771228, 0.8281859285566011), (450, 450, 0.9915356811370294, 1.0),
    (9999, 10000, 0.9994337311025987, 0.9999823473263989),
  ])
  func `the interval of a proportion is that of statsmodels`(
    hits: Int, count: Int, lower: Double, upper: Double
  ) {
    expect(ConfidenceInterval(ofProportion: hits, of: count), lower, upper, within: 1e-14)
  }

  /// From `norm.interval(0.95, mean, sd / sqrt(n + 2))` of SciPy over the differences image by
  /// image, among them one more of either kind.
  @Test(arguments: [
    (1, 7, 21, -0.5083593066664394, -0.01337982376834318),
    (0, 0, 450, -0.0061323178068569805, 0.0061323178068569805),
    (25, 7, 450, 0.01480676502461447, 0.06483925267450058),
    (3, 11, 50, -0.29869788355485904, -0.008994424137448692),
    (50, 0, 50, 0.8868835888331602, 1),
  ])
  func `the interval of a paired difference is that of SciPy`(
    first: Int, second: Int, count: Int, lower: Double, upper: Double
  ) {
    expect(
      ConfidenceInterval(ofDifference: first, second, of: count), lower, upper, within: 1e-14)
  }

  /// The example of Fagerland, Lydersen and Laake, Recommended tests and confidence intervals for
  /// paired binomial proportions, Statistics in Medicine 33 (2014): (−0.508, −0.013).
  @Test func `the interval of a paired difference is the one that was published`() {
    let interval = ConfidenceInterval(ofDifference: 1, 7, of: 21)
    #expect((interval.lower * 1000).rounded() == -508)
    #expect((interval.upper * 1000).rounded() == -13)
  }

  @Test func `what is exchanged changes the sign`() {
    let (one, other) = (
      ConfidenceInterval(ofDifference: 25, 7, of: 450),
      ConfidenceInterval(ofDifference: 7, 25, of: 450)
    )
    expect(one, -other.upper, -other.lower, within: 1e-15)
  }
}
