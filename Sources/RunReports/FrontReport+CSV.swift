import SparsityCore

extension FrontReport {
  /// A column of the comma-separated values.
  private typealias Field = (heading: String, text: (Point) -> String)

  /// The report as comma-separated values, a line a point.
  package var csvLines: [String] {
    let fields = fields
    return [fields.map(\.heading).joined(separator: ",")]
      + points.map { point in fields.map { $0.text(point) }.joined(separator: ",") }
  }

  private var fields: [Field] {
    func field<Value>(_ heading: String, _ value: @escaping (Point) -> Value?) -> Field {
      (heading, { point in value(point).map { "\($0)" } ?? "" })
    }
    let measured = (measured ?? []).joined(separator: ";")
    return [
      field("candidate") { $0.candidate }, field("density") { $0.density },
      field("accuracy") { $0.accuracy }, field("testAccuracy") { $0.testAccuracy },
      field("throughput") { $0.throughput }, field("latencySeconds") { $0.latencySeconds },
      field("macs") { $0.macs }, field("energyJoulesPerImage") { $0.energyJoulesPerImage },
      field("weightBytes") { $0.weightBytes }, field("meanLoss") { $0.meanLoss },
      field("accuracyLower") { $0.accuracyInterval?.lower },
      field("accuracyUpper") { $0.accuracyInterval?.upper },
      field("accuracyLoss") { $0.accuracyLoss },
      field("accuracyLossLower") { $0.accuracyLossInterval?.lower },
      field("accuracyLossUpper") { $0.accuracyLossInterval?.upper },
      field("confirmAccuracy") { $0.confirmAccuracy },
      field("confirmAccuracyLower") { $0.confirmAccuracyInterval?.lower },
      field("confirmAccuracyUpper") { $0.confirmAccuracyInterval?.upper },
      field("beatenBy") { $0.beatenBy },
    ] + acceleratorFields + [
      ("measured", { _ in measured }),
      (
        "decisions",
        { point in
          point.genome.decisions.sorted { $0.key < $1.key }
            .map { "\($0.key)=\($0.value)" }.joined(separator: ";")
        }
      ),
    ]
  }

  /// What each of several accelerators takes, with its name behind an @.
  private var acceleratorFields: [Field] {
    (accelerators ?? []).flatMap { accelerator -> [Field] in
      func field<Value>(_ heading: String, _ value: @escaping (Costs) -> Value?) -> Field {
        (
          "\(heading)\(Objective.separator)\(accelerator.name)",
          { point in
            let costs = point.accelerators?[accelerator.name]
            return costs.flatMap(value).map { "\($0)" } ?? ""
          }
        )
      }
      return [
        field("throughput") { $0.throughput }, field("latencySeconds") { $0.latencySeconds },
        field("energyJoulesPerImage") { $0.energyJoulesPerImage },
        field("weightBytes") { $0.weightBytes },
      ]
    }
  }
}
