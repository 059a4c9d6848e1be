import AcceleratorModel
import Evaluation
import EvolutionarySearch
import Foundation
import ImageData
import ModelFiles
import ProcessLimits
import Pruning
import RunFiles
import RunStorage
import SparsityCore

/// The weight bank of a run: built once by the coordinator, read by every worker.
struct RunBank {
  let criterion: PruningCriterion
  /// Where its weights come from.
  let source: BankSource
  /// The arithmetic that its weights were calibrated in, if they were and it is known.
  let arithmetic: String?
  /// The share of the output energy that each layer loses at each level, if it was measured.
  let outputErrors: [[Double]]?

  /// Builds the bank of a new run, finds it, or goes on with one whose building was interrupted.
  ///
  /// A bank pruned by magnitude needs no file: workers build it in an instant.
  init(
    runFile: RunFile, criterion: PruningCriterion, model: LoadedModel, space: SearchSpace,
    directory: LockedRunDirectory, cache: StatisticsCache?, observer: WorkObserver
  ) throws {
    let files = directory.files
    self.criterion = criterion
    guard criterion.needsCalibration else {
      source = .derived(WeightBank.contentHash(modelHash: model.contentHash))
      outputErrors = nil
      arithmetic = nil
      return
    }
    let bank: WeightBank
    if FileManager.default.fileExists(atPath: files.bank) {
      bank = try model.storedBank(space: space, criterion: criterion, path: files.bank)
    } else {
      bank = try Self.build(
        runFile: runFile, criterion: criterion, model: model, space: space, files: files,
        cache: cache, observer: observer)
    }
    source = .stored(bank.contentHash)
    arithmetic = try BankFile.arithmetic(of: files.bank)
    outputErrors = bank.layers.compactMap(\.outputErrors)
    try Self.writeSensitivity(of: bank, to: directory)
  }

  /// Builds a bank layer by layer; each finished layer is kept in the run directory.
  private static func build(
    runFile: RunFile, criterion: PruningCriterion, model: LoadedModel, space: SearchSpace,
    files: RunDirectory, cache: StatisticsCache?, observer: WorkObserver
  ) throws -> WeightBank {
    guard let source = runFile.data.calibration else {
      preconditionFailure("a run file whose pruning needs images names some")
    }
    let threads = AllowedProcessors.current.count
    let loaded = try observer.observing(
      "Reading the calibration images, \(source).", unit: "calibration images read"
    ) { progress in
      try loadImages(
        path: source, preprocessing: model.configuration.preprocessing, classes: nil,
        threads: threads, progress: progress)
    }
    try ImageSource(source, loaded).checkBroken(skipsBroken: runFile.data.skipsBroken, observer)
    let packer = RunImagePacker(
      runFile: runFile, model: model, directory: files, threads: threads, observer: observer)
    let searched = packer.searchPath.map { [("search", $0)] } ?? []
    for (role, path) in searched + packer.heldOutPaths.map({ ($0.set.rawValue, $0.path) }) {
      try checkCalibration(
        loaded.set, sharesNoImageWith: ImageSet(packedFile: path), role: role, threads: threads)
    }
    let key = model.bankKey(
      space: space, criterion: criterion, calibration: loaded.set.contentHash(threads: threads))
    let folder = files.file("bank-\(key.abbreviated)")
    try files.create(folder)
    try BankArithmetic.apply()
    let bank = try buildBank(
      of: model, space: space, criterion: criterion, calibration: loaded.set, folder: folder,
      cache: cache, threads: threads, observer: observer)
    try BankFile.write(
      bank.layers, criterion: criterion, arithmetic: BankArithmetic.text, to: files.bank)
    do {
      try FileManager.default.removeItem(atPath: folder)
    } catch {
      observer.notified("cannot remove \(folder), which is not needed any more: \(error)")
    }
    return bank
  }

  /// Writes the output errors of each layer as JSON for users and scripts.
  private static func writeSensitivity(
    of bank: WeightBank, to directory: LockedRunDirectory
  ) throws {
    var layers: [String: [String: Double]] = [:]
    for banked in bank.layers {
      guard let errors = banked.outputErrors else { continue }
      layers[banked.layer.name] = Dictionary(
        uniqueKeysWithValues: zip(banked.patterns.map(\.description), errors))
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try directory.write(encoder.encode(["outputErrors": layers]), to: directory.files.sensitivity)
  }
}

extension RunFile.Pruning {
  /// The criterion that a run file's word stands for.
  package var criterion: PruningCriterion {
    switch self {
    case .magnitude, .supernet: .magnitude
    case .wanda: .wanda
    case .sparsegpt: .sparsegpt
    case .reconstruction: .reconstruction
    }
  }
}
