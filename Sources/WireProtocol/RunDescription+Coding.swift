import SparsityCore

extension RunProto {
  /// Converts a description; parameters are sorted by name, so that equal ones have equal bytes.
  init(_ description: RunDescription) {
    run = description.run.rawValue
    model = InputProto(description.model)
    configuration = InputProto(description.configuration)
    data = InputProto(description.data)
    imageCount = UInt64(description.imageCount)
    bank = .init(description.bank.bytes)
    criterion = description.criterion
    decisions = description.space.decisions.map(DecisionProto.init)
    numerics = NumericsProto.with {
      $0.precision = description.numerics.precision.rawValue
      $0.kernelTable = UInt32(description.numerics.kernelTable)
      $0.instructionSet = description.numerics.instructionSet.rawValue
      $0.forwardBatch = UInt32(description.numerics.forwardBatch)
    }
    accelerator = AcceleratorProto.with {
      $0.profile = description.accelerator
      $0.batch = UInt32(description.acceleratorBatch)
    }
    objectives = description.objectives.map(\.rawValue)
    costNames = description.costNames
    shuffleSeed = description.shuffleSeed
    shardSize = UInt32(description.shardSize)
    parameters = description.parameters.sorted { $0.key < $1.key }.map { name, value in
      ParameterProto.with {
        $0.name = name
        $0.value = value
      }
    }
  }
}

extension RunDescription {
  /// Converts and checks a description.
  init(_ proto: RunProto) throws(WireError) {
    guard let run = RunID(proto.run) else {
      throw .invalidField(name: "run", words: "is zero")
    }
    let vectorLimit = WireLimits.vectorCountMax
    self.init(
      run: run, model: try RunInput(proto.model),
      configuration: try RunInput(proto.configuration), data: try RunInput(proto.data),
      imageCount: try bounded(proto.imageCount, 1...WireLimits.imageCountMax, "image_count"),
      bank: try ContentHash(wire: [UInt8](proto.bank)),
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
      parameters: try Self.parameters(proto.parameters))
  }

  private static func parameters(
    _ protos: [ParameterProto]
  ) throws(WireError) -> [String: String] {
    guard protos.count <= WireLimits.parameterCountMax else {
      throw .invalidField(name: "parameters", words: "has \(protos.count) entries")
    }
    var parameters: [String: String] = [:]
    for proto in protos {
      let name = try verbatim(proto.name, "parameters")
      let value = try verbatim(proto.value, "parameters")
      guard parameters.updateValue(value, forKey: name) == nil else {
        throw .invalidField(name: "parameters", words: "holds a name twice")
      }
    }
    return parameters
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

extension Numerics {
  /// Converts and checks numerics.
  init(_ proto: NumericsProto) throws(WireError) {
    self.init(
      precision: try named(proto.precision, "precision"),
      kernelTable: try bounded(proto.kernelTable, 0...Int(Int32.max), "kernel_table"),
      instructionSet: try named(proto.instructionSet, "instruction_set"),
      forwardBatch: try bounded(proto.forwardBatch, 1...Int(Int32.max), "forward_batch"))
  }
}
