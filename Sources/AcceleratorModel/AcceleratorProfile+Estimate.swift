import SparsityCore

extension AcceleratorProfile {
  /// Returns the pattern that runs when `pattern` is asked for.
  ///
  /// It is the sparsest of the profile's levels that can hold every matrix of the pattern; the
  /// largest groups among equally dense ones, whose choice is freest.
  ///
  /// - Throws: ``AcceleratorError/unsupportedPattern(_:profile:)`` if the profile allows no other.
  package func executedPattern(
    for pattern: NMPattern
  ) throws(AcceleratorError) -> NMPattern {
    if pattern.isDense { return pattern }
    guard case .only(let levels) = levels, !levels.contains(pattern) else { return pattern }
    guard fallback == .nextDenser else {
      throw .unsupportedPattern(pattern, profile: name)
    }
    let possible = levels.filter { !$0.isDense && $0.represents(pattern) }
    return possible.min { ($0.density, $1.groupSize) < ($1.density, $0.groupSize) } ?? .dense
  }

  /// Returns the estimate of `count` equal products whose right matrix has a pattern.
  ///
  /// - Throws: ``AcceleratorError`` beyond 64 bits or for a pattern that the profile refuses.
  package func estimate(
    _ product: MatrixProduct, count: Int = 1, pattern: NMPattern, right: RightOperand = .weights
  ) throws(AcceleratorError) -> ProductEstimate {
    let executed = try executedPattern(for: pattern)
    let sparse = try StepEstimator(
      profile: self, product: product, count: count, pattern: pattern, executed: executed,
      right: right
    ).estimate()
    guard runsDenseWhenFaster, !executed.isDense else { return sparse }
    let dense = try StepEstimator(
      profile: self, product: product, count: count, pattern: pattern, executed: .dense,
      right: right
    ).estimate()
    return dense.cycles < sparse.cycles ? dense : sparse
  }
}

/// Computes the estimate of one step that runs with a fixed pattern.
struct StepEstimator {
  let profile: AcceleratorProfile
  let product: MatrixProduct
  let count: Int
  let pattern: NMPattern
  let executed: NMPattern
  let right: RightOperand

  /// The time of a step.
  struct Time {
    var cycles: Int64
    var stallCycles: Int64
    /// The cycles in which the engine computes.
    var busyCycles: Int64
    var bound: Bound
    var evidence = Evidence.modelled
    var range: ClosedRange<Int64>

    /// Creates the time of a model, which has no spread.
    init(cycles: Int64, stallCycles: Int64, busyCycles: Int64, bound: Bound) {
      self.cycles = cycles
      self.stallCycles = stallCycles
      self.busyCycles = busyCycles
      self.bound = bound
      range = cycles...cycles
    }
  }

  /// Returns the estimate.
  func estimate() throws(AcceleratorError) -> ProductEstimate {
    let storage = try storage()
    let (time, traffic, accesses) = try run(storage)
    let macs = try checkedProduct(
      product.macs(keeping: pattern), count, of: "the multiply-accumulates")
    let executedMacs = try checkedProduct(
      product.macs(keeping: executed), count, of: "the multiply-accumulates")
    let energy = try profile.energy.map { energy throws(AcceleratorError) in
      try energy.picojoules(
        of: StepActivity(
          macs: min(macs, executedMacs), gatedMacs: max(0, executedMacs - macs),
          isSparse: !executed.isDense, accesses: accesses ?? Accesses(), traffic: traffic,
          cycles: time.cycles, busyCycles: time.busyCycles),
        profile: profile)
    }
    return ProductEstimate(
      product: product, count: count, pattern: pattern, executedPattern: executed,
      cycles: time.cycles, stallCycles: time.stallCycles, macs: macs,
      denseMacs: try checkedProduct(
        product.macs(keeping: .dense), count, of: "the multiply-accumulates"),
      weightBits: right == .weights ? storage.bits : 0, traffic: traffic, accesses: accesses,
      energyPicojoules: energy, bound: time.bound, evidence: time.evidence,
      cycleRange: time.range)
  }

  /// Returns how the right matrix is stored.
  private func storage() throws(AcceleratorError) -> WeightStorage {
    guard right == .weights else {
      return try NMPattern.dense.storage(
        inputs: product.inputs, outputs: product.outputs,
        weightBits: profile.precision.activationBits, formats: [])
    }
    return try (profile.storesRequestedLevel ? pattern : executed).storage(
      inputs: product.inputs, outputs: product.outputs,
      weightBits: profile.precision.weightBits, formats: profile.formats)
  }

  /// Returns time, traffic and accesses of all products.
  private func run(
    _ storage: WeightStorage
  ) throws(AcceleratorError) -> (Time, Traffic, Accesses?) {
    switch profile.engine {
    case .systolic(let array):
      let choices = array.dataflow.choices
      if choices.count == 1 {
        return try run(
          array.schedule(of: product, pattern: executed, dataflow: choices[0]), storage)
      }
      var best: (Time, Traffic, Accesses?)?
      for dataflow in choices {
        let schedule = try array.schedule(of: product, pattern: executed, dataflow: dataflow)
        let result = try run(schedule, storage)
        if best.map({ result.0.cycles < $0.0.cycles }) ?? true { best = result }
      }
      guard let best else { preconditionFailure("an array without a dataflow") }
      return best
    case .tile(let tile):
      let schedule = try tile.schedule(
        of: product, pattern: executed, storage: storage, widths: profile.precision)
      return try run(schedule, storage)
    case .roofline(let roofline):
      let traffic = try streamedTraffic(storage, count: count)
      return (try time(on: roofline, traffic: traffic), traffic, nil)
    case .table(let table):
      let traffic = try streamedTraffic(storage, count: count)
      return (try time(in: table, traffic: traffic), traffic, nil)
    }
  }
}

// MARK: - Engines with on-chip memory

extension StepEstimator {
  /// Returns time, traffic and accesses of products that run as a schedule, one after another.
  private func run(
    _ schedule: Schedule, _ storage: WeightStorage
  ) throws(AcceleratorError) -> (Time, Traffic, Accesses?) {
    guard let scratch = profile.scratch else { preconditionFailure("no on-chip memory") }
    let one = try traffic(of: schedule, storage, scratch: scratch)
    let total = try one.total()
    let memoryCycles = profile.memory.cycles(ofBits: total, clockHertz: profile.clockHertz)
    let busy = try schedule.cycles()
    let cycles = try schedule.cycles(
      waitingFor: memoryCycles, isDoubleBuffered: scratch.isDoubleBuffered)
    let time = Time(
      cycles: try checkedProduct(cycles, count, of: "the cycles"),
      stallCycles: try checkedProduct(cycles - busy, count, of: "the cycles"),
      busyCycles: try checkedProduct(busy, count, of: "the cycles"),
      bound: memoryCycles > Int128(busy) ? one.bound : .compute)
    var accesses = schedule.accesses
    accesses.metadataBits = Int128(storage.metadataBits) * Int128(schedule.weightPasses)
    return (time, try one.multiplied(by: count), accesses.multiplied(by: count))
  }

  /// Returns what one product moves to and from the memory outside.
  ///
  /// An operand of size S that is swept P times moves S + (P − 1)·max(0, S − capacity).
  private func traffic(
    of schedule: Schedule, _ storage: WeightStorage, scratch: ScratchMemory
  ) throws(AcceleratorError) -> Traffic {
    func swept(_ size: Int128, _ passes: Int, _ kibibytes: Int) throws(AcceleratorError) -> Int64 {
      let missing = max(0, size - scratch.usableBits(kibibytes))
      return try checked(size + Int128(passes - 1) * missing, of: "the traffic")
    }
    let widths = profile.precision
    let values = Int128(product.tokens) * Int128(product.outputs)
    var outputs = values * Int128(widths.outputBits)
    let accumulated = Int128(schedule.accumulatedValues) * Int128(widths.accumulatorBits)
    if accumulated > scratch.usableBits(scratch.outputKibibytes) {
      let spills = Int128(2 * (schedule.accumulationPasses - 1))
      outputs += spills * values * Int128(widths.accumulatorBits)
    }
    let inputs =
      Int128(product.tokens) * Int128(product.inputs) * Int128(widths.activationBits)
    return Traffic(
      weightBits: try swept(Int128(storage.bits), schedule.weightPasses, scratch.weightKibibytes),
      inputBits: try swept(inputs, schedule.inputPasses, scratch.inputKibibytes),
      outputBits: try checked(outputs, of: "the traffic"))
  }
}

extension Traffic {
  /// Returns the traffic of `count` equal products.
  func multiplied(by count: Int) throws(AcceleratorError) -> Traffic {
    if count == 1 { return self }
    return Traffic(
      weightBits: try checkedProduct(weightBits, count, of: "the traffic"),
      inputBits: try checkedProduct(inputBits, count, of: "the traffic"),
      outputBits: try checkedProduct(outputBits, count, of: "the traffic"))
  }
}

extension Accesses {
  /// Returns the accesses of `count` equal products.
  func multiplied(by count: Int) -> Accesses {
    if count == 1 { return self }
    return Accesses(
      inputReads: inputReads * Int128(count), weightReads: weightReads * Int128(count),
      outputWrites: outputWrites * Int128(count), outputReads: outputReads * Int128(count),
      metadataBits: metadataBits * Int128(count))
  }
}

// MARK: - Engines whose times include on-chip memory

extension StepEstimator {
  /// Returns the traffic of `count` products whose operands pass once.
  private func streamedTraffic(
    _ storage: WeightStorage, count: Int
  ) throws(AcceleratorError) -> Traffic {
    let widths = profile.precision
    let one = Traffic(
      weightBits: storage.bits,
      inputBits: try checkedProduct(
        product.tokens, product.inputs, widths.activationBits, of: "the traffic"),
      outputBits: try checkedProduct(
        product.tokens, product.outputs, widths.outputBits, of: "the traffic"))
    return try one.multiplied(by: count)
  }

  /// Returns the time of all products, which run as one kernel.
  private func time(on roofline: Roofline, traffic: Traffic) throws(AcceleratorError) -> Time {
    let rate = roofline.rate(of: executed)
    let clock = profile.clockHertz
    let launch = profile.cycles(ofNanoseconds: rate.launchNanoseconds)
    let compute = try roofline.computeCycles(
      of: product, count: count, rate: rate, clockHertz: clock)
    let memory = profile.memory.cycles(ofBits: try traffic.total(), clockHertz: clock)
    let busy = max(compute, memory)
    let bound: Bound = launch > busy ? .launch : memory > compute ? traffic.bound : .compute
    return Time(
      cycles: try checked(launch + busy, of: "the cycles"),
      stallCycles: try checked(busy - compute, of: "the cycles"),
      busyCycles: try checked(compute, of: "the cycles"), bound: bound)
  }

  /// Returns the time of all products by the table: `count` times that of one.
  private func time(in table: MeasuredTable, traffic: Traffic) throws(AcceleratorError) -> Time {
    let clock = Int128(profile.clockHertz)
    func baseline(
      _ product: MatrixProduct, _ pattern: NMPattern
    ) throws(AcceleratorError) -> Int128 {
      let estimator = StepEstimator(
        profile: profile, product: product, count: 1, pattern: pattern, executed: pattern,
        right: right)
      let traffic = try estimator.streamedTraffic(estimator.storage(), count: 1)
      let cycles = try estimator.time(on: table.roofline, traffic: traffic).cycles
      return ceilingQuotient(Int128(cycles) * 1_000_000_000_000, by: clock)
    }
    func cycles(_ picoseconds: Int128) throws(AcceleratorError) -> Int64 {
      let one = ceilingQuotient(picoseconds * clock, by: 1_000_000_000_000)
      return try checkedProduct(checked(one, of: "the cycles"), count, of: "the cycles")
    }
    var prediction = try table.prediction(
      of: product, pattern: executed, baselineOf: baseline)
    if !executed.isDense, prediction.evidence != .measured {
      let dense = try table.prediction(of: product, pattern: .dense, baselineOf: baseline)
      let least = ceilingQuotient(
        dense.picoseconds * Int128(executed.kept), by: Int128(executed.groupSize))
      prediction.picoseconds = max(prediction.picoseconds, least)
      prediction.highPicoseconds = max(prediction.highPicoseconds, prediction.picoseconds)
    }
    let roof = try time(on: table.roofline, traffic: traffic)
    let total = try cycles(prediction.picoseconds)
    var time = Time(
      cycles: total, stallCycles: min(total, roof.stallCycles),
      busyCycles: min(total, roof.busyCycles), bound: roof.bound)
    time.evidence = prediction.evidence
    let low = try cycles(min(prediction.lowPicoseconds, prediction.picoseconds))
    let high = try cycles(max(prediction.highPicoseconds, prediction.picoseconds))
    time.range = low...high
    return time
  }
}
