import SparsityCore

extension RunProto {
  /// Converts a description; parameters are sorted by name, so that equal ones have equal bytes.
  init(_ description: RunDescription) {
    run = description.run.rawValue
    if let input = description.model { model = InputProto(input) }
    if let input = description.configuration { configuration = InputProto(input) }
    if let input = description.data { data = InputProto(input) }
    imageCount = UInt64(description.imageCount)
    bank = .init(description.bank.content?.bytes ?? [])
    bankIsStored = description.bank.isStored
    criterion = description.criterion
    decisions = description.space.decisions.map(DecisionProto.init)
    numerics = NumericsProto(description.numerics)
    accelerator = AcceleratorProto.with {
      $0.profile = description.accelerator
      $0.batch = UInt32(description.acceleratorBatch)
      $0.name = description.acceleratorName ?? ""
    }
    otherAccelerators = description.otherAccelerators.map { accelerator in
      AcceleratorProto.with {
        $0.profile = accelerator.profile
        $0.batch = UInt32(accelerator.batch)
        $0.name = accelerator.name ?? ""
      }
    }
    objectives = description.objectives.map(\.rawValue)
    costNames = description.costNames
    measuredCosts = description.measuredCosts.map(\.rawValue)
    shuffleSeed = description.shuffleSeed
    shardSize = UInt32(description.shardSize)
    parameters = parameterProtos(description.parameters)
  }
}

extension RunDescription {
  /// Converts and checks a description.
  init(_ proto: RunProto) throws(WireError) {
    guard let run = RunID(proto.run) else {
      throw .invalidField(name: "run", diagnostic: "is zero")
    }
    let vectorLimit = WireLimits.vectorCountMax
    self.init(
      run: run, model: proto.hasModel ? try RunInput(proto.model) : nil,
      configuration: proto.hasConfiguration ? try RunInput(proto.configuration) : nil,
      data: proto.hasData ? try RunInput(proto.data) : nil,
      imageCount: try bounded(proto.imageCount, 1...WireLimits.imageCountMax, "image_count"),
      bank: try BankSource(proto),
      criterion: try verbatim(proto.criterion, "criterion"),
      space: try SearchSpace(proto.decisions), numerics: try Numerics(proto.numerics),
      accelerator: try verbatim(proto.accelerator.profile, "profile"),
      acceleratorBatch: try bounded(
        proto.accelerator.batch, RunLimits.acceleratorBatchRange, "batch"),
      objectives: try list(proto.objectives, limit: vectorLimit, "objectives") {
        value throws(WireError) in try named(value, "objectives")
      },
      costNames: try list(proto.costNames, limit: vectorLimit, "cost_names") {
        value throws(WireError) in try verbatim(value, "cost_names")
      },
      shuffleSeed: proto.shuffleSeed,
      shardSize: try bounded(proto.shardSize, 1...WireLimits.shardSizeMax, "shard_size"),
      parameters: try namedValues(
        proto.parameters, limit: WireLimits.parameterCountMax, "parameters"))
    guard (model == nil) == (configuration == nil) else {
      throw .invalidField(name: "configuration", diagnostic: "and model belong together")
    }
    acceleratorName = try nameOfAccelerator(proto.accelerator)
    otherAccelerators = try list(
      proto.otherAccelerators, limit: RunLimits.acceleratorRange.upperBound - 1,
      "other_accelerators"
    ) { accelerator throws(WireError) in
      RunAccelerator(
        name: try nameOfAccelerator(accelerator),
        profile: try verbatim(accelerator.profile, "profile"),
        batch: try bounded(accelerator.batch, RunLimits.acceleratorBatchRange, "batch"))
    }
    // With several, every one has a name of its own.
    let names = [acceleratorName] + otherAccelerators.map(\.name)
    guard names.count == 1 || (!names.contains(nil) && Set(names).count == names.count) else {
      throw .invalidField(name: "other_accelerators", diagnostic: "are not told apart by names")
    }
    measuredCosts = try list(proto.measuredCosts, limit: vectorLimit, "measured_costs") {
      value throws(WireError) in
      let quantity: Objective = try named(value, "measured_costs")
      guard MeasuredCosts.measurable.contains(quantity) else {
        throw WireError.invalidField(
          name: "measured_costs", diagnostic: "holds \(quantity.rawValue), which nobody measures")
      }
      return quantity
    }
  }
}

/// Returns what objectives call an accelerator, or `nil` if it has no name.
private func nameOfAccelerator(_ proto: AcceleratorProto) throws(WireError) -> String? {
  guard !proto.name.isEmpty else { return nil }
  guard Objective.isName(proto.name) else {
    throw .invalidField(name: "name", diagnostic: "is none of an accelerator")
  }
  return proto.name
}

extension BankSource {
  /// Converts and checks what a description says of the bank.
  fileprivate init(_ proto: RunProto) throws(WireError) {
    guard proto.hasModel else {
      guard proto.bank.isEmpty, !proto.bankIsStored else {
        throw .invalidField(name: "bank", diagnostic: "is there without a model")
      }
      self = .none
      return
    }
    let content = try ContentHash(wire: [UInt8](proto.bank))
    self = proto.bankIsStored ? .stored(content) : .derived(content)
  }
}

extension InputProto {
  /// Converts an input.
  init(_ input: RunInput) {
    path = input.path
    content = .init(input.content.bytes)
  }
}

extension RunInput {
  /// Converts and checks an input.
  init(_ proto: InputProto) throws(WireError) {
    self.init(
      path: try verbatim(proto.path, "path"),
      content: try ContentHash(wire: [UInt8](proto.content)))
  }
}
