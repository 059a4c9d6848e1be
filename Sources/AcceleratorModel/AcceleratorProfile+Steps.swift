import NetworkArchitectures
import SparsityCore

extension AcceleratorProfile {
  /// Returns the cost of one step for a batch with a pattern; `nil` if the profile leaves it out.
  ///
  /// - Throws: ``AcceleratorError`` beyond 64 bits or for a pattern that the profile refuses.
  func layerCost(
    of operation: Operation, pattern: NMPattern, batch: Int
  ) throws(AcceleratorError) -> LayerCost? {
    switch operation.work {
    case .product(let product, let count, let right):
      let estimate = try estimate(product, count: count, pattern: pattern, right: right)
      return LayerCost(
        name: operation.name, isPrunable: operation.isPrunable, work: operation.work,
        pattern: pattern, executedPattern: estimate.executedPattern, cycles: estimate.cycles,
        stallCycles: estimate.stallCycles, macs: estimate.macs / Int64(batch),
        weightBits: estimate.weightBits, memoryBits: try estimate.traffic.total(),
        energyPicojoules: estimate.energyPicojoules, bound: estimate.bound,
        evidence: estimate.evidence, cycleRange: estimate.cycleRange)
    case .elementwise(let functions, let elements):
      guard let vector else { return nil }
      let count = functions.reduce(0) { $0 + vector.operations(for: $1) }
      guard count > 0 else { return nil }
      return try vectorCost(
        of: operation, vector: vector, operationCount: count, elements: elements,
        operands: functions.contains(.add) ? 2 : 1)
    }
  }

  /// Returns the cost of a step of the vector unit that neighbouring products do not hide.
  ///
  /// Beside an engine with on-chip memory the elements are there already; otherwise they pass
  /// through the memory outside, in a kernel of their own.
  private func vectorCost(
    of operation: Operation, vector: VectorUnit, operationCount: Int, elements: Int,
    operands: Int
  ) throws(AcceleratorError) -> LayerCost {
    let operations = try checkedProduct(elements, operationCount, 1, of: "the operations")
    let compute = ceilingQuotient(Int128(operations), by: Int128(vector.lanes))
    var traffic = Traffic()
    var whole = compute
    var bound = Bound.vector
    if !engine.usesScratch {
      traffic.inputBits = try checkedProduct(
        elements, operands, precision.activationBits, of: "the traffic")
      traffic.outputBits = try checkedProduct(
        elements, precision.outputBits, 1, of: "the traffic")
      let memory = self.memory.cycles(ofBits: try traffic.total(), clockHertz: clockHertz)
      let launch = cycles(ofNanoseconds: denseLaunchNanoseconds)
      whole = max(compute, memory) + launch
      if memory > compute { bound = traffic.bound }
      if launch > max(compute, memory) { bound = .launch }
    }
    let exposed = ceilingQuotient(
      whole * Int128(millionths - vector.overlapMillionths), by: Int128(millionths))
    let cycles = try checked(exposed, of: "the cycles")
    let energy = try self.energy.map { energy throws(AcceleratorError) in
      try energy.picojoules(
        of: StepActivity(
          traffic: traffic, vectorOperations: operations, cycles: cycles, busyCycles: 0),
        profile: self)
    }
    return LayerCost(
      name: operation.name, isPrunable: false, work: operation.work, pattern: .dense,
      executedPattern: .dense, cycles: cycles, stallCycles: 0, macs: 0, weightBits: 0,
      memoryBits: try traffic.total(), energyPicojoules: energy, bound: bound,
      evidence: .modelled, cycleRange: cycles...cycles)
  }

  /// The time that a dense kernel takes before it computes.
  private var denseLaunchNanoseconds: Int {
    switch engine {
    case .systolic, .tile: 0
    case .roofline(let roofline): roofline.rate(of: .dense).launchNanoseconds
    case .table(let table): table.roofline.rate(of: .dense).launchNanoseconds
    }
  }
}

extension VectorUnit {
  /// Returns the operations that a function takes for each element.
  func operations(for function: VectorFunction) -> Int {
    operationsPerElement[function] ?? Self.usualOperations[function] ?? 0
  }
}
