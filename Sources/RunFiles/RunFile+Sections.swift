import EvolutionarySearch
import SparsityCore

extension RunFile.Model {
  init(_ value: YAMLValue) throws(RunFileError) {
    let values = try value.mapping(keys: ["weights", "config", "architecture", "prefix"])
    self.weights = try value.required("weights", in: values).string()
    self.config = try values["config"]?.string()
    self.architecture = try values["architecture"]?.string()
    self.prefix = try values["prefix"]?.string()
    if let architecture = values["architecture"], config != nil {
      throw architecture.error("architecture stands in the place of config; remove one of the two")
    }
  }
}

extension RunFile.Data {
  init(_ value: YAMLValue) throws(RunFileError) {
    let values = try value.mapping(
      keys: [
        "calibration", "search", "images", "split", "resize", "classMap", "allowOverlap",
        "skipBroken",
      ] + HeldOutSet.allCases.map(\.rawValue))
    self.calibration = try values["calibration"]?.string()
    self.images = try Self.images(values, in: value)
    self.isResized = try values["resize"].map(Self.resize) ?? true
    self.classMap = try values["classMap"]?.string()
    self.allowsOverlap = try values["allowOverlap"]?.boolean() ?? false
    self.skipsBroken = try values["skipBroken"]?.boolean() ?? false
  }

  private static func images(
    _ values: [String: YAMLValue], in section: YAMLValue
  ) throws(RunFileError) -> RunFile.Images {
    if let images = values["images"], values["split"] == nil, let count = Int(try images.string()) {
      return try counted(count, images, values)
    }
    guard let images = values["images"] else {
      if let split = values["split"] { throw split.error("data.split needs data.images") }
      var heldOut: [HeldOutSet: String] = [:]
      for set in HeldOutSet.allCases { heldOut[set] = try values[set.rawValue]?.string() }
      return .sets(
        search: try section.required("search", in: values).string(), heldOut: heldOut)
    }
    for key in ["search"] + HeldOutSet.allCases.map(\.rawValue) {
      if let extra = values[key] {
        throw extra.error("data.\(key) cannot stand beside data.images; use data.split")
      }
    }
    let split = try section.required("split", in: values)
    let parts = try split.mapping(
      keys: ["search"] + HeldOutSet.allCases.map(\.rawValue) + ["seed"])
    var heldOut: [HeldOutSet: Int] = [:]
    for set in HeldOutSet.allCases {
      let count = try parts[set.rawValue]?.integer(in: 0...RunLimits.imageRange.upperBound)
      heldOut[set] = count == 0 ? nil : count
    }
    return .split(
      images: try images.string(),
      search: try split.required("search", in: parts).integer(in: RunLimits.imageRange),
      heldOut: heldOut,
      seed: try parts["seed"]?.seed() ?? 1)
  }

  /// Reads the number of images that Elsa does not see.
  private static func counted(
    _ count: Int, _ images: YAMLValue, _ values: [String: YAMLValue]
  ) throws(RunFileError) -> RunFile.Images {
    let others = ["search", "resize", "classMap", "allowOverlap"]
    for key in others + HeldOutSet.allCases.map(\.rawValue) {
      if let extra = values[key] {
        throw extra.error(
          "data.\(key) has no use: data.images is a number, so the evaluator reads the images")
      }
    }
    return .counted(try images.integer(in: RunLimits.imageRange))
  }

  private static func resize(_ value: YAMLValue) throws(RunFileError) -> Bool {
    switch try value.string() {
    case "none": return false
    case "config": return true
    case let other:
      throw value.error(
        "data.resize is \"\(excerpt(other))\"; write config (as the model says) or none (only "
          + "crop)")
    }
  }
}

extension RunFile.Search {
  /// Reads the section; of listed decisions no choice is known to make another needless.
  init(_ value: YAMLValue?, isListed: Bool) throws(RunFileError) {
    let values = try value?.mapping(keys: Self.keys) ?? [:]
    self.algorithm = try values["algorithm"]?.choice(SearchAlgorithmName.self) ?? .bayesian
    self.isGenerational = try values["generational"]?.boolean() ?? false
    if isGenerational, algorithm != .nsga2, let value = values["generational"] {
      throw value.error(
        "search.generational is a setting of nsga2, and search.algorithm is "
          + "\(algorithm.rawValue); write algorithm: nsga2 or remove it")
    }
    self.population = try values["population"]?.integer(in: RunLimits.populationRange) ?? 50
    self.evaluations = try values["evaluations"]?.integer(in: RunLimits.evaluationRange) ?? 1000
    self.seed = try values["seed"]?.seed() ?? 1
    self.dropsDominated = try values["dropDominated"]?.boolean() ?? !isListed
    if isListed, dropsDominated, let value = values["dropDominated"] {
      throw value.error(
        "search.dropDominated is about patterns; nothing is known of listed choices; write false "
          + "or remove it")
    }
    self.mode = try values["mode"]?.choice(RunFile.Mode.self) ?? .asynchronous
    if mode == .asynchronous, let window = values["window"] {
      throw window.error("search.window has a meaning only in strict mode; add mode: strict")
    }
    let window = try values["window"]?.integer(in: RunLimits.windowRange)
    self.window = mode == .strict ? window ?? Self.windowDefault : nil
    self.warmStart = try values["warmStart"].map(Self.warmStart) ?? []
    if let value = values["warmStart"], [.random, .oneAtATime].contains(algorithm) {
      throw value.error(
        "search.warmStart has no use: \(algorithm.rawValue) learns from no result; remove it or "
          + "search with another algorithm")
    }
  }

  /// Reads the run directories of earlier searches.
  private static func warmStart(_ value: YAMLValue) throws(RunFileError) -> [String] {
    var paths: [String] = []
    for entry in try value.sequence() { paths.append(try entry.string()) }
    return paths
  }

  /// The keys of the section.
  static let keys = [
    "algorithm", "generational", "population", "evaluations", "seed", "mode", "window",
    "dropDominated", "warmStart",
  ]

  /// The window of a strict run that names none: the widest that costs nothing.
  ///
  /// On the landscape of DeiT-Tiny, 300 evaluations of the default algorithm find .94 of the best
  /// known hypervolume with windows from 1 to 32 alike, and .92 with 64 (medians of ten seeds).
  private static let windowDefault = 32
}

extension RunFile {
  static func objectives(
    _ value: YAMLValue?, on accelerators: [String]
  ) throws(RunFileError) -> [Objective] {
    guard let value else {
      return Objective.all(on: accelerators).filter {
        [.accuracy, .throughput].contains($0.quantity)
      }
    }
    var objectives: [Objective] = []
    for entry in try value.sequence() {
      let objective = try entry.objective(on: accelerators)
      guard !objectives.contains(objective) else {
        throw entry.error("\(objective.rawValue) is given twice")
      }
      objectives.append(objective)
    }
    guard objectives.contains(.accuracy) else {
      throw value.error("accuracy must be among the objectives")
    }
    guard objectives.count >= 2 else {
      throw value.error(
        "accuracy alone is best dense; add throughput, latency, energy, weightBytes or macs")
    }
    return objectives
  }

  /// The images of a shard, unless the run file says otherwise: few, since a candidate that falls
  /// behind is given up between two of them.
  package static let usualShardImages = 50

  /// Returns the images of a shard, and whether evaluations end early.
  static func fidelity(
    _ value: YAMLValue?, isMeasured: Bool
  ) throws(RunFileError) -> (shardImages: Int, stopsEarly: Bool) {
    let values = try value?.mapping(keys: ["shardImages", "earlyStopping"]) ?? [:]
    let shardImages =
      try values["shardImages"]?.integer(in: RunLimits.shardImageRange) ?? usualShardImages
    guard let stopping = values["earlyStopping"] else { return (shardImages, !isMeasured) }
    let stopsEarly = try stopping.boolean()
    if stopsEarly, isMeasured {
      throw stopping.error(
        "fidelity.earlyStopping needs costs that are computed: measured ones are repeated with "
          + "every shard; write false or remove it")
    }
    return (shardImages, stopsEarly)
  }

  /// Refuses a strict run that does not name its arithmetic: everything it finds depends on it.
  func checkArithmetic(of search: YAMLValue?) throws(RunFileError) {
    var missing: [(key: String, line: String)] = []
    if precision == nil {
      let line = "\(Precision.optionName): \(Precision.bf16.rawValue)"
      missing.append((Precision.optionName, line))
    }
    if instructionSet == nil {
      let line = "\(InstructionSet.optionName): \(InstructionSet.avx2.rawValue)"
      missing.append((InstructionSet.optionName, line))
    }
    guard !missing.isEmpty, let search else { return }
    let place = try search.mapping(keys: Search.keys)["mode"] ?? search
    let keys = missing.map(\.key).joined(separator: " and ")
    let lines = missing.map { "\"\($0.line)\"" }.joined(separator: " and ")
    throw place.error(
      "search.mode is strict, but \(keys) \(missing.count == 1 ? "is" : "are") missing, on which "
        + "all results depend; add the \(missing.count == 1 ? "line" : "lines") \(lines), or "
        + "what all your machines have (elsa doctor tells)")
  }
}
