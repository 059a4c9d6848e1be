import SparsityCore

/// The quantities that costs tell, as opposed to those that are not modelled or are measured.
package struct CostQuantities: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The time of a batch, and with it the images a second.
  package static let latency = Self(rawValue: 1)
  /// The energy of an image.
  package static let energy = Self(rawValue: 2)
  /// The bytes of weights and the places of kept ones.
  package static let weightBytes = Self(rawValue: 4)
  /// The multiply-accumulates of an image.
  package static let macs = Self(rawValue: 8)
  /// All of them.
  package static let all: Self = [.latency, .energy, .weightBytes, .macs]

  /// The quantity that an objective follows from; none for the accuracy.
  package init(of objective: Objective) {
    switch objective.quantity {
    case .throughput, .latency: self = .latency
    case .energy: self = .energy
    case .weightBytes: self = .weightBytes
    case .macs: self = .macs
    case .accuracy: self = []
    }
  }
}

/// What a candidate costs on an accelerator.
///
/// The fields are integers and equal on every machine; seconds and rates follow from them.
package struct Cost: Hashable, Sendable {
  /// The cycles of one batch.
  package let latencyCycles: Int64
  /// The multiply-accumulates of one image: every matrix product with its kept weights.
  package let macs: Int64
  /// The same of the dense model.
  package let denseMacs: Int64
  /// The multiply-accumulates of one image as the ELSA paper counts them.
  package let elsaMacs: Int64
  /// The same of the dense model.
  package let elsaDenseMacs: Int64
  /// The bits of all parameters and of the places of kept weights.
  package let weightBits: Int64
  /// The energy of one batch; `nil` if the profile does not model it.
  package let energyPicojoules: Int64?
  /// The images of one batch.
  package let batch: Int
  /// The clock rate that turns cycles into seconds.
  package let clockHertz: Int
  /// The quantities that are known; the fields of others are zero.
  package let quantities: CostQuantities
  /// What objectives call the accelerator; `nil` where it is the only one and has no name.
  package internal(set) var accelerator: String?
  /// The costs of the same candidate on the other accelerators of the run.
  package internal(set) var others: [Cost] = []

  /// The seconds of one batch.
  package var latencySeconds: Double { Double(latencyCycles) / Double(clockHertz) }

  /// The images a second: batch ÷ (cycles ÷ clock).
  package var throughputImagesPerSecond: Double { Double(batch) / latencySeconds }

  /// The bytes of all parameters and of the places of kept weights, rounded up.
  package var weightBytes: Int64 { (weightBits + 7) / 8 }

  /// The joules of one image.
  package var energyJoulesPerImage: Double? {
    energyPicojoules.map { Double($0) / 1e12 / Double(batch) }
  }

  /// The mean power while a batch runs.
  package var averagePowerWatts: Double? {
    energyPicojoules.map { Double($0) / 1e12 / latencySeconds }
  }

  /// Returns the natural value of an objective, or `nil` if it is not known.
  ///
  /// What names no accelerator is that of this one.
  package func value(of objective: Objective) -> Double? {
    if let name = objective.accelerator, name != accelerator {
      return others.first { $0.accelerator == name }?.value(of: objective)
    }
    guard quantities.isSuperset(of: CostQuantities(of: objective)) else { return nil }
    return switch objective.quantity {
    case .throughput: throughputImagesPerSecond
    case .latency: latencySeconds
    case .energy: energyJoulesPerImage
    case .weightBytes: Double(weightBytes)
    case .macs: Double(macs)
    case .accuracy: nil
    }
  }
}

/// What one step of the forward pass costs, for tables that users read.
package struct LayerCost: Hashable, Sendable {
  /// The step's name, as in ``Operation/name``.
  package let name: String
  /// Whether the step's weights may take an N:M pattern.
  package let isPrunable: Bool
  /// What the step computes.
  package let work: Work
  /// The pattern that the genome asks for, or dense.
  package let pattern: NMPattern
  /// The pattern that the accelerator runs instead, or the same.
  package let executedPattern: NMPattern
  /// The cycles of all runs for one batch, waits included.
  package let cycles: Int64
  /// The cycles in which the engine waits for memory.
  package let stallCycles: Int64
  /// The multiply-accumulates for one image.
  package let macs: Int64
  /// The bits of the stored weights and their places.
  package let weightBits: Int64
  /// The bits to and from the memory outside.
  package let memoryBits: Int64
  /// The energy of all runs for one batch; `nil` if the profile does not model it.
  package let energyPicojoules: Int64?
  /// What the time is limited by.
  package let bound: Bound
  /// Where the time comes from.
  package let evidence: Evidence
  /// The cycles at the tenth and ninetieth percentile of measurements.
  package let cycleRange: ClosedRange<Int64>

  /// The bytes to and from the memory outside, rounded up.
  package var memoryBytes: Int64 { (memoryBits + 7) / 8 }
}
