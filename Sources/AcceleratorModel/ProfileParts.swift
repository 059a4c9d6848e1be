import NetworkArchitectures
import SparsityCore

/// The bits of the numbers that an accelerator computes with.
package struct OperandWidths: Hashable, Sendable {
  package var weightBits: Int
  /// The bits of an activation, as it is read.
  package var activationBits: Int
  /// The bits of a partial sum.
  package var accumulatorBits: Int
  /// The bits of an activation, as it is written.
  package var outputBits: Int

  /// The widths that a number may have.
  package static let bitRange = 1...128

  package init(weightBits: Int, activationBits: Int, accumulatorBits: Int, outputBits: Int) {
    for bits in [weightBits, activationBits, accumulatorBits, outputBits] {
      precondition(Self.bitRange.contains(bits))
    }
    self.weightBits = weightBits
    self.activationBits = activationBits
    self.accumulatorBits = accumulatorBits
    self.outputBits = outputBits
  }
}

/// The patterns that an accelerator runs as such; dense always is one of them.
package enum SupportedLevels: Hashable, Sendable {
  /// Every pattern: the engine keeps exactly its weights.
  case any
  /// These patterns, and others through a denser one.
  case only([NMPattern])
}

/// What an accelerator does with a pattern that it does not run.
package enum LevelFallback: String, CaseIterable, Hashable, Sendable {
  /// It runs the sparsest of its patterns that can hold every such weight, or dense.
  case nextDenser
  /// It refuses the pattern.
  case error
}

/// On-chip memory with a part for each operand.
package struct ScratchMemory: Hashable, Sendable {
  /// The KiB for weights.
  package var weightKibibytes: Int
  /// The KiB for inputs.
  package var inputKibibytes: Int
  /// The KiB for outputs and partial sums.
  package var outputKibibytes: Int
  /// Whether half of each part fills while the other half is used.
  package var isDoubleBuffered: Bool

  /// The KiB that a part may have.
  package static let kibibyteRange = 0...(1 << 40)

  package init(
    weightKibibytes: Int, inputKibibytes: Int, outputKibibytes: Int, isDoubleBuffered: Bool
  ) {
    for size in [weightKibibytes, inputKibibytes, outputKibibytes] {
      precondition(Self.kibibyteRange.contains(size))
    }
    self.weightKibibytes = weightKibibytes
    self.inputKibibytes = inputKibibytes
    self.outputKibibytes = outputKibibytes
    self.isDoubleBuffered = isDoubleBuffered
  }

  /// Returns the bits of a part that hold what is used while the next arrives.
  func usableBits(_ kibibytes: Int) -> Int128 {
    Int128(kibibytes) * 1024 * (isDoubleBuffered ? 4 : 8)
  }
}

/// The memory outside the chip.
package struct ExternalMemory: Hashable, Sendable {
  /// The peak rate; `nil` means that the engine never waits for it.
  package var bytesPerSecond: Int?
  /// The share of the peak rate that is reached, in millionths.
  package var efficiencyMillionths: Int
  /// The bytes that weights and activations must fit into; `nil` if not known.
  package var capacityBytes: Int?

  /// The rates that a memory may have.
  package static let rateRange = 1...(1 << 50)
  /// The capacities that a memory may have.
  package static let capacityRange = 1...(1 << 60)

  package init(
    bytesPerSecond: Int?, efficiencyMillionths: Int = 1_000_000, capacityBytes: Int? = nil
  ) {
    precondition(bytesPerSecond.map(Self.rateRange.contains) ?? true)
    precondition((1...1_000_000).contains(efficiencyMillionths))
    precondition(capacityBytes.map(Self.capacityRange.contains) ?? true)
    self.bytesPerSecond = bytesPerSecond
    self.efficiencyMillionths = efficiencyMillionths
    self.capacityBytes = capacityBytes
  }

  /// Returns the cycles that some bits take, rounded up; 0 without a limit.
  func cycles(ofBits bits: Int64, clockHertz: Int) -> Int128 {
    guard let bytesPerSecond else { return 0 }
    return ceilingQuotient(
      Int128(bits) * Int128(clockHertz) * Int128(millionths),
      by: Int128(bytesPerSecond) * 8 * Int128(efficiencyMillionths))
  }
}

/// The unit that does what is no matrix product.
package struct VectorUnit: Hashable, Sendable {
  /// The elements that it works on at once.
  package var lanes: Int
  /// The share of its time that neighbouring products hide, in millionths.
  package var overlapMillionths: Int
  /// The operations for each element.
  package var operationsPerElement: [VectorFunction: Int]

  /// The lanes that a unit may have.
  package static let laneRange = 1...1_000_000_000
  /// The operations that an element may take.
  package static let operationRange = 0...1_000_000

  /// The operations for each element that are assumed unless a profile says otherwise.
  package static let usualOperations: [VectorFunction: Int] = [
    .add: 1, .layerNorm: 7, .softmax: 8, .gelu: 8, .bias: 1, .requantize: 2, .move: 1,
  ]

  /// Creates a unit; functions that are left out take the usual operations.
  package init(
    lanes: Int, overlapMillionths: Int, operationsPerElement: [VectorFunction: Int] = [:]
  ) {
    precondition(Self.laneRange.contains(lanes))
    precondition((0...1_000_000).contains(overlapMillionths))
    for count in operationsPerElement.values { precondition(Self.operationRange.contains(count)) }
    self.lanes = lanes
    self.overlapMillionths = overlapMillionths
    self.operationsPerElement = Self.usualOperations.merging(operationsPerElement) { $1 }
  }
}

/// Where the energy of a candidate goes.
package enum EnergyModel: Hashable, Sendable {
  /// Each action has its energy.
  case perAction(ActionEnergies)
  /// The whole device draws power between idle and peak; coarse.
  case power(idleMicrowatts: Int, peakMicrowatts: Int)

  /// The powers that a device may draw, in microwatts.
  package static let microwattRange = 0...1_000_000_000_000
}

/// The energy of each action, in attojoules: millionths of a picojoule.
package struct ActionEnergies: Hashable, Sendable {
  /// One multiply-accumulate.
  package var mac: Int
  /// The selection of an input by a kept weight's place.
  package var mux: Int
  /// A multiply-accumulate whose weight is a stored zero.
  package var gatedMac: Int
  /// One bit of a weight read from on-chip memory.
  package var weightRead: Int
  /// One bit of an input read from on-chip memory.
  package var inputRead: Int
  /// One bit of a partial sum read from on-chip memory.
  package var outputRead: Int
  /// One bit of metadata read from on-chip memory.
  package var metadataRead: Int
  /// One bit of an output written to on-chip memory.
  package var outputWrite: Int
  /// One bit moved to or from the memory outside.
  package var externalBit: Int
  /// One operation of the vector unit.
  package var vectorOperation: Int
  /// What the chip draws while it waits, in microwatts.
  package var staticMicrowatts: Int

  /// The energies that an action may take.
  package static let attojouleRange = 0...1_000_000_000_000

  package init(
    mac: Int, mux: Int, gatedMac: Int, weightRead: Int, inputRead: Int, outputRead: Int,
    metadataRead: Int, outputWrite: Int, externalBit: Int, vectorOperation: Int,
    staticMicrowatts: Int
  ) {
    let energies = [
      mac, mux, gatedMac, weightRead, inputRead, outputRead, metadataRead, outputWrite,
      externalBit, vectorOperation,
    ]
    for energy in energies { precondition(Self.attojouleRange.contains(energy)) }
    precondition(EnergyModel.microwattRange.contains(staticMicrowatts))
    self.mac = mac
    self.mux = mux
    self.gatedMac = gatedMac
    self.weightRead = weightRead
    self.inputRead = inputRead
    self.outputRead = outputRead
    self.metadataRead = metadataRead
    self.outputWrite = outputWrite
    self.externalBit = externalBit
    self.vectorOperation = vectorOperation
    self.staticMicrowatts = staticMicrowatts
  }
}
