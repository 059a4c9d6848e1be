import AcceleratorModel
import ArgumentParser
import SparsityCore
import VisionTransformers

/// What one configuration of a model, or one matrix product, costs on an accelerator.
struct EstimateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "estimate",
    abstract: "Estimates latency, throughput and MACs of a configuration on an accelerator.",
    discussion: """
      Needs no weights: the model may be a name such as deit_base_patch16_224, a checkpoint or a \
      folder with a config.json. The estimate is exact for a systolic array without stalls.

      EXAMPLES
        elsa estimate --model deit_small_patch16_224 --uniform 2:4 --accelerator systolic32
        elsa estimate --model deit_tiny/ --genome genome.json --batch 8 --json
        elsa estimate --gemm 197x384x1152 --pattern 2:4 --array 16x16 --dataflow os
      """)

  @Option(help: ArgumentHelp("A timm name, a checkpoint or a folder.", valueName: "model"))
  var model: String?

  @Option(help: ArgumentHelp("The model's config.json, if not beside it.", valueName: "file"))
  var config: String?

  @OptionGroup var genome: GenomeOptions
  @OptionGroup var accelerator: AcceleratorOptions

  @Option(help: "The images of one batch.")
  var batch = 1

  @Option(help: ArgumentHelp("One product instead of a model.", valueName: "MxKxN"))
  var gemm: String?

  @Option(help: ArgumentHelp("The pattern of that product (default: dense).", valueName: "N:M"))
  var pattern: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard (model == nil) != (gemm == nil) else {
      throw ValidationError("Give either --model or --gemm.")
    }
    guard batch >= 1 else { throw ValidationError("--batch is \(batch); it must be at least 1.") }
    if let gemm, SizeList(gemm, count: 3) == nil {
      throw ValidationError("--gemm is \"\(gemm)\"; write three sizes, as in 197x384x1152.")
    }
    if let pattern, NMPattern(pattern) == nil {
      throw ValidationError("--pattern is \"\(pattern)\"; write N:M, as in 2:4.")
    }
    if gemm == nil, pattern != nil {
      throw ValidationError("--pattern belongs to --gemm; for a model use --uniform or --genome.")
    }
    if gemm != nil, config != nil || genome.uniform != nil || genome.genome != nil || batch != 1 {
      throw ValidationError("--gemm takes --pattern, --accelerator, --array and --dataflow only.")
    }
  }

  func run() throws {
    if let gemm, let sizes = SizeList(gemm, count: 3)?.sizes {
      return try estimateProduct(sizes)
    }
    guard let model else { return }
    let reference = try ModelReference(model, config: config)
    let layers = reference.shape.prunableLayers
    let (space, genome) = GenomeOptions.space(
      of: try genome.assignment(for: layers), layers: layers)
    let costs = try CostModel(
      shape: reference.shape, space: space, profile: accelerator.profile(), batch: batch)
    let report = EstimateReport(model: reference.name, costs: costs, genome: genome)
    if json { return try Output.json(report) }
    report.lines(profile: costs.profile, dense: costs.denseCost).forEach(Output.result)
  }

  private func estimateProduct(_ sizes: [Int]) throws {
    let profile = try accelerator.profile()
    let estimate = try gemmCost(
      m: sizes[0], k: sizes[1], n: sizes[2], pattern: pattern.flatMap { NMPattern($0) } ?? .dense,
      profile: profile)
    let report = ProductReport(estimate, profile: profile)
    if json { return try Output.json(report) }
    Output.result("\(estimate.product) at \(estimate.pattern) on \(profile)")
    Output.result("  cycles   \(NumberFormat.grouped(report.latencyCycles))")
    Output.result("  seconds  \(report.latencySeconds)")
    Output.result(
      "  MACs     \(NumberFormat.scaled(report.macs)) of \(NumberFormat.scaled(report.denseMacs))")
  }
}

/// The answer of `estimate --gemm`.
struct ProductReport: Encodable {
  let accelerator: String
  let bound: String
  let denseMacs: Int64
  let executedPattern: String
  let latencyCycles: Int64
  let latencySeconds: Double
  let macs: Int64
  let pattern: String

  /// Creates the report of an estimate.
  init(_ estimate: ProductEstimate, profile: AcceleratorProfile) {
    accelerator = profile.name
    bound = estimate.bound.rawValue
    denseMacs = estimate.denseMacs
    executedPattern = estimate.executedPattern.description
    latencyCycles = estimate.cycles
    latencySeconds = profile.seconds(ofCycles: estimate.cycles)
    macs = estimate.macs
    pattern = estimate.pattern.description
  }
}
