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
  /// The bits of all parameters and of the places of kept weights.
  public let weightBits: Int64
  /// The energy of one batch; `nil` if the profile does not model it.
  public let energyPicojoules: Int64?
  /// The images of one batch.
  public let batch: Int
  /// The clock rate that turns cycles into seconds.
  public let clockHertz: Int

  /// The seconds of one batch.
  public var latencySeconds: Double { Double(latencyCycles) / Double(clockHertz) }

  /// The images a second: batch ÷ (cycles ÷ clock).
  public var throughputImagesPerSecond: Double { Double(batch) / latencySeconds }

  /// The bytes of all parameters and of the places of kept weights, rounded up.
  public var weightBytes: Int64 { (weightBits + 7) / 8 }

  /// The joules of one image.
  public var energyJoulesPerImage: Double? {
    energyPicojoules.map { Double($0) / 1e12 / Double(batch) }
  }

  /// The mean power while a batch runs.
  public var averagePowerWatts: Double? {
    energyPicojoules.map { Double($0) / 1e12 / latencySeconds }
  }

  /// Returns the natural value of an objective, or `nil` if the model does not estimate it.
  public func value(of objective: Objective) -> Double? {
    switch objective {
    case .throughput: throughputImagesPerSecond
    case .latency: latencySeconds
    case .energy: energyJoulesPerImage
    case .weightBytes: Double(weightBytes)
    case .macs: Double(macs)
    case .accuracy: nil
    }
  }
}

/// What one step of the forward pass costs, for tables that people read.
public struct LayerCost: Hashable, Sendable {
  /// The step's name, as in ``Operation/name``.
  public let name: String
  /// Whether the step's weights may take an N:M pattern.
  public let isPrunable: Bool
  /// What the step computes.
  public let work: Work
  /// The pattern that the genome asks for, or dense.
  public let pattern: NMPattern
  /// The pattern that the accelerator runs instead, or the same.
  public let executedPattern: NMPattern
  /// The cycles of all runs for one batch, waits included.
  public let cycles: Int64
  /// The cycles in which the engine waits for memory.
  public let stallCycles: Int64
  /// The multiply-accumulates for one image.
  public let macs: Int64
  /// The bits of the stored weights and their places.
  public let weightBits: Int64
  /// The bits to and from the memory outside.
  public let memoryBits: Int64
  /// The energy of all runs for one batch; `nil` if the profile does not model it.
  public let energyPicojoules: Int64?
  /// What the time is limited by.
  public let bound: Bound
  /// Where the time comes from.
  public let evidence: Evidence
  /// The cycles at the tenth and ninetieth percentile of measurements.
  public let cycleRange: ClosedRange<Int64>

  /// The bytes to and from the memory outside, rounded up.
  public var memoryBytes: Int64 { (memoryBits + 7) / 8 }
}
