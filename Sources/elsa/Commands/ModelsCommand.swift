import ArgumentParser
import Evaluation
import Foundation
import ImageData
import ModelFiles
import NetworkArchitectures
import SparsityCore
import TextReports

/// The models that can be used.
struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "Lists the models that can be used, and checks a checkpoint.",
    subcommands: [ModelsListCommand.self, ModelsCheckCommand.self],
    defaultSubcommand: ModelsListCommand.self)
}

/// The families and names that are known.
struct ModelsListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Lists the families of models and the names that are known (the default).",
    discussion: """
      A name is needed only where a checkpoint comes without a config.json, and for estimates \
      without weights: with a configuration, a model may have any sizes.

      EXAMPLES
        elsa models
        elsa models list --json
      """)

  @Flag(help: "Print JSON.")
  var json = false

  /// What is known; its names are the fields of the JSON.
  struct Report: Encodable {
    /// A family of networks.
    struct Family: Encodable {
      let family: String
      let names: [String]
    }

    let families: [Family]
    let formats: [String]
  }

  func run() throws {
    let families = NetworkFamilies.all.map { family in
      Report.Family(
        family: family.configurationRules.familyName,
        names: NetworkFamilies.named.map(\.name).filter { family.isFamily(ofArchitecture: $0) })
    }
    let report = Report(families: families, formats: Self.formats)
    if json { return try Output.json(report) }
    Output.result("FORMATS")
    Self.formats.forEach { Output.result("  \($0)") }
    for family in families {
      Output.result("\nNAMES OF \(family.family.uppercased())")
      family.names.forEach { Output.result("  \($0)") }
    }
    Output.result("\nOther sizes need a config.json. Check a file with: elsa models check PATH")
  }

  private static let formats = [
    "timm's: model.safetensors and config.json as timm saves them, in one file or in shards",
    "transformers': ViT, DeiT with its teacher and Swin for image classification, as "
      + "save_pretrained writes them (with preprocessor_config.json)",
    "Microsoft's own names of Swin",
    "any of them behind the prefix of a wrapper, as module. or model., and with the masks of "
      + "torch.nn.utils.prune and ASP",
  ]
}

/// What a checkpoint is, and whether it can be used.
struct ModelsCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Says what a checkpoint is and whether it can be used; writes nothing.",
    discussion: """
      Reads all weights as elsa evaluate does, and ends with 1 and the reason if the model cannot \
      be used. With --data or --class-map it says, too, whether the classifier fits the classes.

      EXAMPLES
        elsa models check deit_tiny/
        elsa models check checkpoint.safetensors --architecture deit_tiny_patch16_224
        elsa models check vit/ --data imagenette/val/ --class-map classes.txt --json
      """)

  @Argument(
    help: ArgumentHelp(
      "A checkpoint with its config.json, the index of shards, or their folder.",
      valueName: "model"))
  var model: String

  @OptionGroup var checkpoint: CheckpointOptions

  @Option(
    help: ArgumentHelp(
      "Labelled images, whose classes the classifier must have.", valueName: "images"))
  var data: String?

  @OptionGroup var classMap: ClassMapOptions

  @Flag(help: "Print JSON.")
  var json = false

  /// What a model is; its names are the fields of the JSON.
  struct Report: Encodable {
    let path: String
    let family: String
    let architecture: String
    let imageHeight: Int
    let imageWidth: Int
    let channels: Int
    let blocks: Int
    let prunableLayers: Int
    let prunableWeights: Int
    let parameters: Int
    let classes: Int
    let precision: [String: Int]
    let dropped: [String]
    let notifications: [String]
    let classFit: String?
    let contentHash: String
  }

  func run() throws {
    let open = try OpenModel(checkpoint.source(model))
    let loaded = try LoadedModel(open)
    let network = loaded.weights.network
    let outputs = try classMap.classes(count: network.classes)
    let fit =
      try data.map { try classFit(of: $0, outputs, network: network) }
      ?? outputs.map.map { try $0.fit(outputs: network.classes) }
    let report = Report(
      path: loaded.path,
      family: type(of: loaded.configuration.architecture).configurationRules.familyName,
      architecture: loaded.configuration.name, imageHeight: network.input.size.height,
      imageWidth: network.input.size.width, channels: network.input.channels,
      blocks: network.blocks.count, prunableLayers: network.prunableLayers.count,
      prunableWeights: network.prunableLayers.reduce(0) { $0 + $1.inputs * $1.outputs },
      parameters: network.tensors.reduce(0) { $0 + $1.count }, classes: network.classes,
      precision: Dictionary(
        network.tensors.map { (open.elementTypes[$0.name]?.rawValue ?? "none", $0.count) },
        uniquingKeysWith: +),
      dropped: open.reading.dropped, notifications: open.notifications, classFit: fit,
      contentHash: "\(loaded.contentHash)")
    if json { return try Output.json(report) }
    show(report)
  }

  private func show(_ report: Report) {
    let name = report.architecture.isEmpty ? "" : ", \(report.architecture)"
    Output.result("checkpoint  \(report.path)")
    Output.result("model       \(report.family)\(name)")
    Output.result(
      "images      \(report.imageHeight) × \(report.imageWidth) pixels, "
        + counted(report.channels, "channel"))
    Output.result(
      "size        \(counted(report.blocks, "block")), "
        + "\(NumberFormat.scaled(Int64(report.parameters))) parameters, "
        + "\(counted(report.prunableLayers, "layer")) to prune with "
        + "\(NumberFormat.scaled(Int64(report.prunableWeights))) weights")
    Output.result("classes     \(report.classes)")
    let precision = report.precision.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    Output.result("precision   \(precision.map(\.key).joined(separator: ", "))")
    if let fit = report.classFit { Output.result("labels      \(fit)") }
    for notification in report.notifications { Output.result("read        \(notification)") }
    if !report.dropped.isEmpty {
      Output.result(
        "left out    \(report.dropped.prefix(8).joined(separator: ", "))"
          + (report.dropped.count > 8 ? " and \(report.dropped.count - 8) more" : ""))
    }
    Output.result("usable      yes")
  }
}
