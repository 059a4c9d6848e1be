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
  var throughputAtLeast: [String] = []

  @Option(
    help: ArgumentHelp("The longest time of a batch, as in 5ms or 0.5x.", valueName: "limit"))
  var latencyAtMost: [String] = []

  @Option(help: ArgumentHelp("The most energy of an image, as in 2mJ or 0.5x.", valueName: "limit"))
  var energyAtMost: [String] = []

  @Option(
    help: ArgumentHelp("The most bytes of weights, as in 3MiB or 0.5x.", valueName: "limit"))
  var weightBytesAtMost: [String] = []

  @Option(
    help: ArgumentHelp(
      "The most multiply-accumulates of an image, as in 500M or 0.5x.", valueName: "limit"))
  var macsAtMost: [String] = []

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
      let costs: [(String, [String], Objective, CostConstraint.Bound)] = [
        ("--throughput-at-least", throughputAtLeast, .throughput, .atLeast),
        ("--latency-at-most", latencyAtMost, .latency, .atMost),
        ("--energy-at-most", energyAtMost, .energy, .atMost),
        ("--weight-bytes-at-most", weightBytesAtMost, .weightBytes, .atMost),
        ("--macs-at-most", macsAtMost, .macs, .atMost),
      ]
      for (option, texts, objective, bound) in costs {
        for text in texts {
          bounds.append(.cost(try Self.constraint(text, of: objective, bound, option: option)))
        }
      }
      return bounds.isEmpty ? nil : FrontRequest(bounds)
    }
  }

  /// Reads a bound on a cost; behind an @ stands the accelerator, where the run has several.
  private static func constraint(
    _ text: String, of objective: Objective, _ bound: CostConstraint.Bound, option: String
  ) throws -> CostConstraint {
    let parts = text.split(
      separator: Objective.separator, maxSplits: 1, omittingEmptySubsequences: false)
    var bounded = objective
    if parts.count == 2 {
      guard objective.quantity.dependsOnAccelerator, Objective.isName(parts[1]) else {
        throw ValidationError(
          "\(option) is \"\(text)\"; \"\(parts[1])\" is not whose \(objective.rawValue) it can be.")
      }
      bounded = Objective(objective.quantity, on: String(parts[1]))
    }
    guard let limit = CostConstraint.Limit(argument: String(parts[0]), of: bounded) else {
      let units = CostConstraint.Limit.unitNames(of: bounded).joined(separator: ", ")
      throw ValidationError(
        "\(option) is \"\(text)\"; give a multiple of dense, as in 0.5x, or a number with or "
          + "without a unit: \(units).")
    }
    return CostConstraint(objective: bounded, bound: bound, limit: limit)
  }
}
