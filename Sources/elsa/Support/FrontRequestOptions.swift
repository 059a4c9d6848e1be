import ArgumentParser
import RunFiles
import RunReports
import SparsityCore

/// What a member of a front is to have.
struct FrontRequestOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The accuracy that may be lost against dense, in percentage points.", valueName: "points"))
  var accuracyLossAtMost: Double?

  @Option(help: ArgumentHelp("The least accuracy, in 0…1.", valueName: "fraction"))
  var accuracyAtLeast: Double?

  @Option(
    help: ArgumentHelp(
      "The least images a second, as in 1200, or relative to dense, as in 2.5x.",
      valueName: "limit"))
  var throughputAtLeast: String?

  @Option(
    help: ArgumentHelp("The longest time of a batch, as in 5ms or 0.5x.", valueName: "limit"))
  var latencyAtMost: String?

  @Option(help: ArgumentHelp("The most energy of an image, as in 2mJ or 0.5x.", valueName: "limit"))
  var energyAtMost: String?

  @Option(
    help: ArgumentHelp("The most bytes of weights, as in 3MiB or 0.5x.", valueName: "limit"))
  var weightBytesAtMost: String?

  @Option(
    help: ArgumentHelp(
      "The most multiply-accumulates of an image, as in 500M or 0.5x.", valueName: "limit"))
  var macsAtMost: String?

  /// What is asked for, or `nil` if nothing is.
  var request: FrontRequest? {
    get throws {
      var bounds: [FrontRequest.Bound] = []
      if let loss = accuracyLossAtMost {
        guard (0..<100).contains(loss) else {
          throw ValidationError(
            "--accuracy-loss-at-most is \(loss); give percentage points, as in 1.0.")
        }
        bounds.append(.accuracyLossAtMost(loss / 100))
      }
      if let least = accuracyAtLeast {
        guard least > 0, least <= 1 else {
          throw ValidationError("--accuracy-at-least is \(least); give a fraction, as in 0.75.")
        }
        bounds.append(.accuracyAtLeast(least))
      }
      let costs: [(String, String?, Objective, CostConstraint.Bound)] = [
        ("--throughput-at-least", throughputAtLeast, .throughput, .atLeast),
        ("--latency-at-most", latencyAtMost, .latency, .atMost),
        ("--energy-at-most", energyAtMost, .energy, .atMost),
        ("--weight-bytes-at-most", weightBytesAtMost, .weightBytes, .atMost),
        ("--macs-at-most", macsAtMost, .macs, .atMost),
      ]
      for (option, text, objective, bound) in costs {
        guard let text else { continue }
        guard let limit = CostConstraint.Limit(argument: text, of: objective) else {
          let units = CostConstraint.Limit.unitNames(of: objective).joined(separator: ", ")
          throw ValidationError(
            "\(option) is \"\(text)\"; give a multiple of dense, as in 0.5x, or a number with or "
              + "without a unit: \(units).")
        }
        bounds.append(.cost(CostConstraint(objective: objective, bound: bound, limit: limit)))
      }
      return bounds.isEmpty ? nil : FrontRequest(bounds)
    }
  }
}
