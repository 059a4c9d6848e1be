import SparsityCore

/// Finds the efficiencies and launch times with which a roofline predicts measurements best.
///
/// Each level gets the efficiency and the launch time, and all levels the share of the memory's
/// rate, that make the mean of max(predicted ÷ measured, measured ÷ predicted) least. The values
/// are those of a fixed grid, so the result does not depend on a start or an order.
package struct RooflineFit: Sendable {
  /// How well predictions agree with measurements.
  package struct Quality: Hashable, Sendable {
    /// The measurements.
    package let count: Int
    /// The median of |predicted − measured| ÷ measured.
    package let medianError: Double
    /// The largest of them.
    package let worstError: Double
  }

  /// The profile with what was found.
  package let profile: AcceleratorProfile
  /// How well it predicts the measurements that it was fitted to.
  package let quality: Quality

  /// The efficiencies that are tried, in millionths: steps of a half percent.
  private static let efficiencies = Array(stride(from: 10_000, through: 1_500_000, by: 5_000))
  /// The launch times that are tried.
  private static let launches = [
    0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300,
  ].map { $0 * 1000 }
  /// The shares of the memory's rate that are tried, in millionths.
  private static let memoryEfficiencies = [600_000, 700_000, 800_000, 900_000, 1_000_000]

  /// Fits a profile to measurements of its levels.
  ///
  /// - Throws: ``AcceleratorError`` if the profile has no roofline, or if a level has no
  ///   measurement.
  package init(
    _ start: AcceleratorProfile, to measurements: [Measurement]
  ) throws(AcceleratorError) {
    guard case .roofline(let roofline) = start.engine else {
      throw .noRoofline(profile: start.name)
    }
    for rate in roofline.rates
    where !measurements.contains(where: { $0.pattern.isSame(as: rate.pattern) }) {
      throw .noMeasurement(of: rate.pattern)
    }
    var best: (deviation: Double, profile: AcceleratorProfile)?
    for memoryEfficiency in Self.memoryEfficiencies {
      var profile = start
      profile.memory.efficiencyMillionths = memoryEfficiency
      var rates: [LevelRate] = []
      var deviation = 0.0
      for rate in roofline.rates {
        let own = measurements.filter { $0.pattern.isSame(as: rate.pattern) }
        let fitted = try Self.fit(rate, of: profile, waves: roofline.waves, to: own)
        rates.append(fitted.rate)
        deviation += fitted.deviation
      }
      profile.engine = .roofline(try Roofline(rates: rates, waves: roofline.waves))
      if best.map({ deviation < $0.deviation }) ?? true { best = (deviation, profile) }
    }
    guard let best else { preconditionFailure("nothing was tried") }
    profile = best.profile
    quality = try Self.quality(of: best.profile, on: measurements)
  }

  /// Returns how well a profile predicts measurements.
  ///
  /// - Throws: ``AcceleratorError``, as an estimate does.
  package static func quality(
    of profile: AcceleratorProfile, on measurements: [Measurement]
  ) throws(AcceleratorError) -> Quality {
    precondition(!measurements.isEmpty)
    var errors: [Double] = []
    for measurement in measurements {
      let ratio = try ratio(of: measurement, on: profile)
      errors.append(abs(ratio - 1))
    }
    errors.sort()
    let middle = errors.count / 2
    return Quality(
      count: errors.count,
      medianError: errors.count % 2 == 1
        ? errors[middle] : (errors[middle - 1] + errors[middle]) / 2,
      worstError: errors[errors.count - 1])
  }

  /// Returns the predicted time as a multiple of the measured one.
  private static func ratio(
    of measurement: Measurement, on profile: AcceleratorProfile
  ) throws(AcceleratorError) -> Double {
    let estimate = try profile.estimate(measurement.product, pattern: measurement.pattern)
    return profile.seconds(ofCycles: estimate.cycles) * 1e12 / Double(measurement.picoseconds)
  }

  /// Returns the rate of the grid that predicts the measurements of one level best.
  private static func fit(
    _ rate: LevelRate, of profile: AcceleratorProfile, waves: Roofline.Waves?,
    to measurements: [Measurement]
  ) throws(AcceleratorError) -> (rate: LevelRate, deviation: Double) {
    var best: (rate: LevelRate, deviation: Double)?
    var profile = profile
    let dense = LevelRate(
      pattern: .dense, operationsPerSecond: 1, efficiencyMillionths: 1, launchNanoseconds: 0)
    for efficiency in efficiencies {
      var tried = rate
      tried.efficiencyMillionths = efficiency
      tried.launchNanoseconds = 0
      // A roofline needs a dense rate; which one does not matter to the other levels.
      let rates = tried.pattern.isDense ? [tried] : [tried, dense]
      profile.engine = .roofline(try Roofline(rates: rates, waves: waves))
      var times: [(predicted: Double, measured: Double)] = []
      for measurement in measurements {
        let measured = Double(measurement.picoseconds)
        times.append((try ratio(of: measurement, on: profile) * measured, measured))
      }
      for launch in launches {
        let deviations = times.map { predicted, measured in
          let time = predicted + Double(launch) * 1e3
          return max(time / measured, measured / time) - 1
        }
        let deviation = deviations.reduce(0, +) / Double(deviations.count)
        if best.map({ deviation < $0.deviation }) ?? true {
          tried.launchNanoseconds = launch
          best = (tried, deviation)
        }
      }
    }
    guard let best else { preconditionFailure("nothing was tried") }
    return best
  }
}
