import ArgumentParser
import Evaluation
import Foundation
import ImageData
import Pruning
import RunPreparation
import SparsityCore

/// How weights are pruned, as commands are told it.
struct PruningOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      How weights are pruned (default: magnitude); supernet is magnitude on a checkpoint trained \
      as one.
      """,
      valueName: "magnitude|wanda|sparsegpt|reconstruction|supernet"))
  var pruning: String?

  @Option(
    help: ArgumentHelp(
      """
      Images to calibrate with, for wanda, sparsegpt and reconstruction; no labels are used. \
      reconstruction fits each layer behind the layers that the configuration prunes before it.
      """,
      valueName: "images"))
  var calibration: String?

  @Option(
    help: ArgumentHelp(
      "Weights that are pruned already: the bank.safetensors of a run with calibration.",
      valueName: "file"))
  var bank: String?

  @OptionGroup var cache: StatisticsCacheOptions

  func validate() throws {
    if bank != nil {
      guard pruning == nil, calibration == nil else {
        throw ValidationError("--bank is pruned already: leave out --pruning and --calibration.")
      }
      return
    }
    guard let criterion else {
      throw ValidationError(
        "--pruning is \"\(word)\"; write magnitude, wanda, sparsegpt, reconstruction or "
          + "supernet.")
    }
    // Without a word, images may be meant for what another option prunes.
    if pruning == nil { return }
    if criterion.needsCalibration, calibration == nil {
      throw ValidationError("--pruning \(word) needs images: add --calibration.")
    }
    if !criterion.needsCalibration, calibration != nil {
      throw ValidationError("--pruning \(word) uses no images; leave --calibration out.")
    }
  }

  /// The criterion's name as the user gives it.
  private var word: String { pruning ?? PruningCriterion.magnitude.rawValue }

  /// The criterion, or `nil` if the word is unknown.
  private var criterion: PruningCriterion? {
    word == "supernet" ? .magnitude : PruningCriterion(rawValue: word)
  }

  /// The weights that one configuration runs with.
  struct Choice {
    /// A bank that holds them.
    let bank: WeightBank
    /// The configuration as the bank's space has it.
    let genome: Genome
    /// The name of the criterion, for reports.
    let pruning: String
  }

  /// Prunes a model for one configuration, or takes it from a bank, showing progress.
  ///
  /// - Parameters:
  ///   - assignment: The pattern of each prunable layer.
  ///   - evaluated: Images that must not be among those of the calibration.
  func choice(
    of model: LoadedModel, assignment: [NMPattern], images: ImageOptions, evaluated: ImageSet?
  ) throws -> Choice {
    if let bank { return try stored(bank, of: model, assignment: assignment) }
    let (space, genome) = GenomeOptions.space(
      of: assignment, layers: model.weights.network.prunableLayers)
    guard let criterion, criterion.needsCalibration, let calibration else {
      let bank = try model.weightBank(space: space, threads: images.threadCount)
      return Choice(bank: bank, genome: genome, pruning: word)
    }
    let set = try Self.calibrationImages(calibration, of: model, images, evaluated: evaluated)
    let bank = try buildBank(
      of: model, space: space, criterion: criterion, calibration: set, for: genome, folder: nil,
      cache: cache.cache, threads: images.threadCount, observer: .terminal())
    return Choice(bank: bank, genome: genome, pruning: word)
  }

  /// Loads images to calibrate with, none of which may be evaluated, as the configuration says:
  /// `--resize none` is about images that are evaluated.
  static func calibrationImages(
    _ path: String, of model: LoadedModel, _ images: ImageOptions, evaluated: ImageSet?
  ) throws -> ImageSet {
    let (set, _) = try images.load(
      path, preprocessing: model.configuration.preprocessing, classes: nil)
    if let evaluated {
      try checkCalibration(
        set, sharesNoImageWith: evaluated, role: "evaluated", threads: images.threadCount)
    }
    return set
  }

  /// Returns all weights of a bank file.
  static func storedBank(_ path: String, of model: LoadedModel) throws -> WeightBank {
    let (criterion, space) = try BankFile.contents(
      of: path, layers: model.weights.network.prunableLayers)
    return try model.storedBank(space: space, criterion: criterion, path: path)
  }

  /// Takes the weights from a bank.
  private func stored(
    _ path: String, of model: LoadedModel, assignment: [NMPattern]
  ) throws -> Choice {
    let (criterion, space) = try BankFile.contents(
      of: path, layers: model.weights.network.prunableLayers)
    for (decision, pattern) in zip(space.decisions, assignment)
    where !decision.patterns.contains(pattern) {
      throw CommandFailure(
        "\(path) holds \(decision.name) not in \(pattern), only in "
          + decision.choices.map(\.description).joined(separator: ", "),
        nextStep: "choose among these, or prune anew: --pruning and --calibration")
    }
    guard let genome = space.genome(choosing: assignment.map { .pattern($0) }) else {
      preconditionFailure("every choice was looked for")
    }
    let bank = try model.storedBank(space: space, criterion: criterion, path: path)
    return Choice(bank: bank, genome: genome, pruning: criterion.rawValue)
  }
}
