import ArgumentParser
import ImageData
import ModelFiles
import RunPreparation
import SparsityCore
import TextReports

/// A folder of images as one file that needs no decoding.
struct PackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack",
    abstract: "Decodes, resizes and crops images once; writes a packed data set.",
    discussion: """
      IMAGES is an ImageFolder (a folder a class) or a folder with labels.txt ("name label" a \
      line). The packed set is a safetensors file with images (U8) and labels (I32); every command \
      that reads images reads it, too. Size and crop come from the model's configuration, and so \
      does the number of outputs: class folders are as many, in the order of the outputs, or are \
      WordNet ids of ImageNet, or have a class map.

      EXAMPLES
        elsa pack val/ --model deit_tiny/ --output val.safetensors
        elsa pack val-227/ --model deit_tiny/ --resize none --output val.safetensors --skip-broken
      """)

  @Argument(help: ArgumentHelp("The folder of images.", valueName: "images"))
  var images: String

  @Option(help: ArgumentHelp("A timm checkpoint, its folder or config.json.", valueName: "model"))
  var model: String

  @Option(help: ArgumentHelp("The packed file to write.", valueName: "file"))
  var output: String

  @OptionGroup var options: ImageOptions

  @OptionGroup var classMap: ClassMapOptions

  @Flag(help: "Print JSON.")
  var json = false

  /// What was packed; its names are the fields of the JSON.
  struct Report: Encodable {
    let images: Int
    let broken: [String]
    let bytes: Int
    let sourceHash: String
    let output: String
  }

  func run() throws {
    try OutputFolder.check(for: output)
    let configuration = try ModelConfigurationFile(
      path: ModelReference.configurationPath(of: model))
    let progress = SharedProgress()
    let packed = try pack(
      source: images, output: output,
      preprocessing: options.preprocessing(of: configuration),
      classes: classMap.classes(count: configuration.network.classes), requiresClasses: false,
      threads: options.threadCount, skipBroken: options.skipBroken
    ) { progress.show(done: $0, total: $1, unit: "images packed") }
    progress.finish()
    let found = ImageSource(images, packed)
    found.assumptions.forEach(Output.notify)
    try found.checkBroken(skipsBroken: true, .terminal())
    let report = Report(
      images: packed.imageCount, broken: packed.broken.map(\.name), bytes: packed.bytes,
      sourceHash: packed.sourceHash.description, output: output)
    if json { return try Output.json(report) }
    Output.result(
      "\(output): \(counted(packed.imageCount, "image")), \(NumberFormat.bytes(packed.bytes)), "
        + "sources \(packed.sourceHash.abbreviated)")
  }
}
