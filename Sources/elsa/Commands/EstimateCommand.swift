import AcceleratorModel
import ArgumentParser
import Foundation
import NetworkArchitectures
import RunFiles
import RunPreparation
import SparsityCore

/// What one configuration of a model, or one matrix product, costs on an accelerator.
struct EstimateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "estimate",
    abstract: "Estimates time, energy and bytes of a configuration on an accelerator.",
    discussion: """
      Needs no weights: the model may be a name such as deit_base_patch16_224 or \
      swin_tiny_patch4_window7_224, a checkpoint or a folder with a config.json. What an \
      accelerator's numbers rest on: elsa accelerators show NAME.

      KNOWN NAMES
        \(NetworkFamilies.named.map(\.name).joined(separator: " "))

      EXAMPLES
        elsa estimate --model deit_small_patch16_224 --uniform 2:4 --accelerator vegeta
        elsa estimate --model deit_tiny/ --genome genome.json --batch 8 --json
        elsa estimate --gemm 197x384x1152 --pattern 2:4 --array 16x16 --dataflow os
        elsa estimate --model deit_small_patch16_224 --crossovers --accelerator systolic16
        elsa estimate --model deit_base_patch16_224 --uniform 2:4 --accelerator a100 --schedule \
      --latency-limit 5
        elsa estimate --model deit_small_patch16_224 --uniform 2:4 --scale-sim check/
        elsa estimate --topology check/topology.csv --accelerator systolic32
      """)

  @Option(help: ArgumentHelp("A timm name, a checkpoint or a folder.", valueName: "model"))
  var model: String?

  @Option(help: ArgumentHelp("The model's config.json, if not beside it.", valueName: "file"))
  var config: String?

  @OptionGroup var genome: GenomeOptions
  @OptionGroup var accelerator: AcceleratorOptions

  @Option(help: "The images of one batch; with --schedule the largest batch (default: 1 or 256).")
  var batch: Int?

  @Option(help: ArgumentHelp("One product instead of a model.", valueName: "MxKxN"))
  var gemm: String?

  @Option(help: ArgumentHelp("The pattern of that product (default: dense).", valueName: "N:M"))
  var pattern: String?

  @Option(help: ArgumentHelp("The products of a SCALE-Sim topology.", valueName: "file.csv"))
  var topology: String?

  @Flag(help: "Show which patterns of which layers cost the same cycles.")
  var crossovers = false

  @Option(
    help: ArgumentHelp(
      "The patterns that --crossovers compares (default: 1:4,2:4,3:4,4:4).", valueName: "list"))
  var patterns: String?

  @Flag(help: "Show the batches 1, 2, 4, … and which of them serves best.")
  var schedule = false

  @Option(help: ArgumentHelp("The latency that a batch of --schedule may have.", valueName: "ms"))
  var latencyLimit: Double?

  @Option(
    help: ArgumentHelp(
      "Write the estimate's inputs for SCALE-Sim into this folder.", valueName: "folder"))
  var scaleSim: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    try genome.checkPoint()
    guard [model, gemm, topology].compactMap(\.self).count == 1 else {
      throw ValidationError("Give one of --model, --gemm and --topology.")
    }
    try OptionRange.check("--batch", batch, in: RunLimits.acceleratorBatchRange)
    if let gemm, SizeList(gemm, count: 3) == nil {
      throw ValidationError("--gemm is \"\(gemm)\"; write three sizes, as in 197x384x1152.")
    }
    if let pattern, NMPattern(pattern) == nil {
      throw ValidationError("--pattern is \"\(pattern)\"; write N:M, as in 2:4.")
    }
    if gemm == nil, pattern != nil {
      throw ValidationError("--pattern belongs to --gemm; for a model use --uniform or --genome.")
    }
    try validateModes()
  }

  private func validateModes() throws {
    let hasGenome = genome.uniform != nil || genome.genome != nil
    let isExtended = crossovers || schedule || scaleSim != nil
    if model == nil, config != nil || hasGenome || batch != nil || isExtended {
      throw ValidationError(
        "--gemm and --topology take --accelerator, --array, --dataflow and --json only, "
          + "--gemm also --pattern.")
    }
    if crossovers, hasGenome || schedule || scaleSim != nil {
      throw ValidationError("--crossovers takes --patterns and --batch; it compares all patterns.")
    }
    if schedule, scaleSim != nil {
      throw ValidationError("--schedule and --scale-sim exclude each other.")
    }
    if let patterns, !crossovers || Self.patternList(patterns) == nil {
      throw ValidationError(
        "--patterns is \"\(patterns)\"; with --crossovers, write N:M,… as in 1:4,2:4,4:4.")
    }
    if let latencyLimit, !schedule || !(latencyLimit > 0) || !latencyLimit.isFinite {
      throw ValidationError("--latency-limit is a number of milliseconds above 0 for --schedule.")
    }
  }

  func run() throws {
    let profile = try accelerator.profile()
    if let gemm, let sizes = SizeList(gemm, count: 3)?.sizes {
      return try estimateProduct(sizes, on: profile)
    }
    if let topology {
      return try TopologyReport(path: topology, profile: profile).print(json: json)
    }
    guard let model else { return }
    let reference = try ModelReference(model, config: config)
    if crossovers {
      let patterns = Self.patternList(patterns ?? "1:4,2:4,3:4,4:4") ?? []
      return try CrossoverReport(
        model: reference, patterns: patterns, profile: profile, batch: batch ?? 1
      ).print(json: json)
    }
    let layers = reference.network.prunableLayers
    let (space, genome) = GenomeOptions.space(
      of: try genome.assignment(for: reference.network, of: reference.architecture), layers: layers)
    if schedule {
      let schedule = try computingCosts(of: reference.source) {
        try BatchSchedule(
          network: reference.network, space: space, genome: genome, profile: profile,
          batchMax: batch ?? 256, latencySecondsMax: latencyLimit.map { $0 / 1e3 })
      }
      return try ScheduleReport(
        model: reference.name, profile: profile, schedule: schedule, limitMilliseconds: latencyLimit
      ).print(json: json)
    }
    let costs = try computingCosts(of: reference.source) {
      try CostModel(network: reference.network, space: space, profile: profile, batch: batch ?? 1)
    }
    if let scaleSim { try Self.writeScaleSim(costs, genome, to: scaleSim) }
    let report = EstimateReport(model: reference.name, costs: costs, genome: genome)
    if json { return try Output.json(report) }
    report.lines(profile: costs.profile, dense: costs.denseCost).forEach(Output.result)
  }

  private func estimateProduct(_ sizes: [Int], on profile: AcceleratorProfile) throws {
    let estimate = try gemmCost(
      m: sizes[0], k: sizes[1], n: sizes[2], pattern: pattern.flatMap { NMPattern($0) } ?? .dense,
      profile: profile)
    let report = ProductReport(estimate, profile: profile)
    if json { return try Output.json(report) }
    report.lines(estimate, profile: profile).forEach(Output.result)
  }

  /// Returns the patterns of a list, or `nil` if it has other things or a pattern twice.
  private static func patternList(_ text: String) -> [NMPattern]? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let patterns = parts.compactMap { NMPattern($0) }
    guard patterns.count == parts.count, Set(patterns).count == patterns.count else { return nil }
    return patterns
  }

  /// Writes what SCALE-Sim needs to check an estimate.
  private static func writeScaleSim(
    _ costs: CostModel, _ genome: Genome, to folder: String
  ) throws {
    let configuration = try ScaleSimConfiguration(profile: costs.profile)
    let topology = ScaleSimTopology(costs: costs.layerCosts(of: genome))
    let files = [("scale.cfg", configuration.text), ("topology.csv", topology.csv)]
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
      for (name, text) in files {
        let path = (folder as NSString).appendingPathComponent(name)
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
      }
    } catch {
      throw CommandFailure("cannot write into \(folder): \(error.localizedDescription)")
    }
    Output.notify(
      "wrote \(folder)/scale.cfg and topology.csv (attention products once, not once a head); "
        + "SCALE-Sim's Total Cycles are one less than the cycles here")
  }
}
