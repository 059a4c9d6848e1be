import SparsityCore

/// What a candidate costs on an accelerator.
///
/// The fields are integers and equal on every machine; seconds and rates follow from them.
public struct Cost: Hashable, Sendable {
  /// The cycles of one batch.
  public let latencyCycles: Int64
  /// The multiply-accumulates of one image: every matrix product with its kept weights.
  public let macs: Int64
  /// The same of the dense model.
  public let denseMacs: Int64
  /// The multiply-accumulates of one image as the ELSA paper counts them.
  public let elsaMacs: Int64
  /// The same of the dense model.
  public let elsaDenseMacs: Int64
  /// The images of one batch.
  public let batch: Int
  /// The clock rate that turns cycles into seconds.
  public let clockHertz: Int

  /// The seconds of one batch.
  public var latencySeconds: Double { Double(latencyCycles) / Double(clockHertz) }

  /// The images a second: batch ÷ (cycles ÷ clock).
  public var throughputImagesPerSecond: Double { Double(batch) / latencySeconds }

  /// Returns the natural value of an objective, or `nil` if the model does not estimate it.
  public func value(of objective: Objective) -> Double? {
    switch objective {
    case .throughput: throughputImagesPerSecond
    case .latency: latencySeconds
    case .macs: Double(macs)
    case .accuracy, .energy, .weightBytes: nil
    }
  }
}

/// What one step of the forward pass costs, for tables that people read.
public struct LayerCost: Hashable, Sendable {
  /// The step's name, as in ``Operation/name``.
  public let name: String
  /// Whether the step's weights may take an N:M pattern.
  public let isPrunable: Bool
  /// The product that runs.
  public let product: MatrixProduct
  /// How often the product runs for one batch.
  public let count: Int
  /// The pattern that the genome asks for, or dense.
  public let pattern: NMPattern
  /// The pattern that the accelerator runs instead, or the same.
  public let executedPattern: NMPattern
  /// The cycles of all runs for one batch.
  public let cycles: Int64
  /// The multiply-accumulates for one image.
  public let macs: Int64
  /// What the time is limited by.
  public let bound: Bound
}
