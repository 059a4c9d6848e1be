import AcceleratorModel
import SparsityCore
import TextReports

/// The answer of `estimate --schedule`.
struct ScheduleReport: Encodable {
  /// One batch.
  struct Batch: Encodable {
    let batch: Int
    let latencySeconds: Double
    let throughputImagesPerSecond: Double
    let energyJoulesPerImage: Double?
    let footprintBytes: Int64
    let fitsMemory: Bool
    let meetsLimit: Bool
  }

  /// The batch from which on a layer is bound by computation.
  struct Crossing: Encodable {
    let layer: String
    let executedPattern: String
    /// Absent if it lies beyond the largest batch.
    let computeBoundFromBatch: Int?
  }

  let model: String
  let accelerator: String
  let latencyLimitSeconds: Double?
  let batches: [Batch]
  /// Absent if no batch fits and meets the limit.
  let bestBatch: Int?
  let layers: [Crossing]

  init(
    model: String, profile: AcceleratorProfile, schedule: BatchSchedule,
    limitMilliseconds: Double?
  ) {
    self.model = model
    accelerator = profile.name
    latencyLimitSeconds = limitMilliseconds.map { $0 / 1e3 }
    batches = schedule.rows.map { row in
      Batch(
        batch: row.cost.batch, latencySeconds: row.cost.latencySeconds,
        throughputImagesPerSecond: row.cost.throughputImagesPerSecond,
        energyJoulesPerImage: row.cost.energyJoulesPerImage, footprintBytes: row.footprintBytes,
        fitsMemory: row.fitsMemory, meetsLimit: row.meetsLimit)
    }
    bestBatch = schedule.best?.cost.batch
    layers = schedule.crossings.map {
      Crossing(
        layer: $0.layer, executedPattern: $0.pattern.description,
        computeBoundFromBatch: $0.batch)
    }
  }

  /// Prints the report.
  func print(json: Bool) throws {
    if json { return try Output.json(self) }
    Output.result("\(model) on \(accelerator)")
    Output.result("")
    batchTable.lines.forEach(Output.result)
    Output.result("")
    layerTable.lines.forEach(Output.result)
    Output.result("")
    guard let bestBatch else {
      return Output.result(
        "no batch fits into memory and meets the limit; loosen it or choose a sparser genome")
    }
    Output.result("the best batch is \(bestBatch)")
  }

  private var batchTable: TextTable {
    var table = TextTable([
      ("batch", .right), ("ms", .right), ("images/s", .right), ("mJ/image", .right),
      ("footprint", .right), ("", .left),
    ])
    for row in batches {
      let notes = [
        row.fitsMemory ? nil : "does not fit", row.meetsLimit ? nil : "too slow",
        row.batch == bestBatch ? "best" : nil,
      ]
      table.append([
        "\(row.batch)", NumberFormat.fixed(row.latencySeconds * 1e3, 3),
        NumberFormat.fixed(row.throughputImagesPerSecond, 1),
        row.energyJoulesPerImage.map { NumberFormat.fixed($0 * 1e3, 3) } ?? "",
        NumberFormat.bytes(row.footprintBytes),
        notes.compactMap(\.self).joined(separator: ", "),
      ])
    }
    return table
  }

  private var layerTable: TextTable {
    var table = TextTable([
      ("layer", .left), ("runs as", .left), ("compute-bound from batch", .right),
    ])
    for layer in layers {
      table.append([
        layer.layer, layer.executedPattern,
        layer.computeBoundFromBatch.map(String.init) ?? "beyond \(batches.last?.batch ?? 0)",
      ])
    }
    return table
  }
}
