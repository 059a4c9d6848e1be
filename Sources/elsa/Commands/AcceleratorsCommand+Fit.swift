import AcceleratorModel
import ArgumentParser
import RunFiles
import TextReports

extension AcceleratorsCommand {
  /// Efficiencies and launch times that agree with measurements.
  struct Fit: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Fits a roofline's efficiencies and launch times to measured products.",
      discussion: """
        Prints the fitted profile in YAML, and its errors to standard error: first of a fit to \
        every second product, tested on the others, then of the fit to all. The table has the \
        columns M, K, N, level (N:M or dense) and latency_us.

        EXAMPLES
          elsa accelerators fit a100 --measurements mine.csv --name my-a100 > my-a100.yaml
        """)

    @Argument(
      help: ArgumentHelp("A profile whose engine is roofline.", valueName: "name|file"))
    var profile: String

    @Option(help: ArgumentHelp("The measured products.", valueName: "file.csv"))
    var measurements: String

    @Option(help: "The name of the fitted profile (default: that of the profile).")
    var name: String?

    func run() throws {
      var start = try AcceleratorFile.profile(profile)
      if let name { start.name = name }
      let all = try Measurement.table(
        csv: TextFile.text(of: measurements), file: measurements)
      let halves = Self.halves(of: all)
      if !halves.fitted.isEmpty, !halves.tested.isEmpty {
        let half = try RooflineFit(start, to: halves.fitted)
        let quality = try RooflineFit.quality(of: half.profile, on: halves.tested)
        Output.notify(
          "fitted on every second product, tested on the others: \(Self.diagnostic(quality))")
      }
      let fit = try RooflineFit(start, to: all)
      Output.notify("fitted to all: \(Self.diagnostic(fit.quality))")
      var profile = fit.profile
      for path in profile.parameters.map(\.path)
      where ["efficiency", "launchOverheadNs"].contains(where: path.hasSuffix) {
        profile.sources[path] = "fitted to \(measurements)"
      }
      profile.yaml.split(separator: "\n").forEach { Output.result(String($0)) }
    }

    /// Returns every second product of each pattern, and the others; nothing where a pattern has
    /// only one.
    private static func halves(
      of all: [Measurement]
    ) -> (fitted: [Measurement], tested: [Measurement]) {
      var counts: [String: Int] = [:]
      var halves: (fitted: [Measurement], tested: [Measurement]) = ([], [])
      for item in all {
        let count = counts[item.pattern.description, default: 0]
        counts[item.pattern.description] = count + 1
        if count % 2 == 0 { halves.fitted.append(item) } else { halves.tested.append(item) }
      }
      return counts.values.allSatisfy { $0 > 1 } ? halves : ([], [])
    }

    private static func diagnostic(_ quality: RooflineFit.Quality) -> String {
      "median error \(NumberFormat.percent(quality.medianError)), "
        + "worst \(NumberFormat.percent(quality.worstError)) of \(quality.count) times"
    }
  }
}
