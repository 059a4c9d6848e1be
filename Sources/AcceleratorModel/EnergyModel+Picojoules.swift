/// What a step does that takes energy.
struct StepActivity {
  /// The multiply-accumulates with kept weights.
  var macs: Int64 = 0
  /// The multiply-accumulates whose weight is a stored zero.
  var gatedMacs: Int64 = 0
  /// Whether inputs are selected by the places of weights.
  var isSparse = false
  /// The words between engine and on-chip memory.
  var accesses = Accesses()
  /// The bits to and from the memory outside.
  var traffic = Traffic()
  /// The operations of the vector unit.
  var vectorOperations: Int64 = 0
  /// The cycles of the step.
  var cycles: Int64
  /// The cycles in which the engine computes.
  var busyCycles: Int64
}

extension EnergyModel {
  /// Returns the energy of a step in picojoules, rounded up.
  ///
  /// - Throws: ``AcceleratorError/tooLarge(_:)`` beyond 64 bits.
  func picojoules(
    of activity: StepActivity, profile: AcceleratorProfile
  ) throws(AcceleratorError) -> Int64 {
    let name: StaticString = "the energy"
    switch self {
    case .power(let idle, let peak):
      let idleEnergy = Self.picojoules(
        microwatts: idle, cycles: activity.cycles, clockHertz: profile.clockHertz)
      let busyEnergy = Self.picojoules(
        microwatts: max(0, peak - idle), cycles: min(activity.busyCycles, activity.cycles),
        clockHertz: profile.clockHertz)
      return try checked(idleEnergy + busyEnergy, of: name)
    case .perAction(let energies):
      let dynamic = try energies.attojoules(of: activity, widths: profile.precision)
      let still = Self.picojoules(
        microwatts: energies.staticMicrowatts, cycles: activity.cycles,
        clockHertz: profile.clockHertz)
      return try checked(ceilingQuotient(dynamic, by: Int128(millionths)) + still, of: name)
    }
  }

  /// Returns the picojoules that a power takes in some cycles, rounded up.
  private static func picojoules(microwatts: Int, cycles: Int64, clockHertz: Int) -> Int128 {
    ceilingQuotient(
      Int128(microwatts) * Int128(cycles) * Int128(millionths), by: Int128(clockHertz))
  }
}

extension ActionEnergies {
  /// Returns the energy of all actions of a step.
  fileprivate func attojoules(
    of activity: StepActivity, widths: OperandWidths
  ) throws(AcceleratorError) -> Int128 {
    let accesses = activity.accesses
    let macEnergy = mac + (activity.isSparse ? mux : 0)
    var sum: Int128 = 0
    func add(_ count: Int128, _ bits: Int, _ energy: Int) throws(AcceleratorError) {
      // Beyond 2⁶³ words the energy of one action could leave 128 bits.
      let words = try checkedProduct(checked(count, of: "the accesses"), bits, of: "the accesses")
      sum += Int128(words) * Int128(energy)
    }
    try add(Int128(activity.macs), 1, macEnergy)
    try add(Int128(activity.gatedMacs), 1, gatedMac)
    try add(accesses.weightReads, widths.weightBits, weightRead)
    try add(accesses.inputReads, widths.activationBits, inputRead)
    try add(accesses.outputReads, widths.accumulatorBits, outputRead)
    try add(accesses.outputWrites, widths.accumulatorBits, outputWrite)
    try add(accesses.metadataBits, 1, metadataRead)
    try add(Int128(try activity.traffic.total()), 1, externalBit)
    try add(Int128(activity.vectorOperations), 1, vectorOperation)
    return sum
  }
}
