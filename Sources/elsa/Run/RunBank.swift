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
  /// The criterion.
  let criterion: PruningCriterion
  /// The identity of the bank's weights.
  let contentHash: ContentHash
  /// The arithmetic that its weights were calibrated in, if they were and it is known.
  let arithmetic: String?
  /// The share of the output energy that each layer loses at each level, if it was measured.
  let outputErrors: [[Double]]?

  /// Builds the bank of a new run, finds it, or goes on with one whose building was interrupted.
  ///
  /// A bank pruned by magnitude needs no file: workers build it in an instant.
  init(
    runFile: RunFile, model: LoadedModel, space: SearchSpace, directory: LockedRunDirectory
  ) throws {
    let files = directory.files
    criterion = runFile.pruning.criterion
    guard criterion.needsCalibration else {
      contentHash = WeightBank.contentHash(modelHash: model.contentHash)
      outputErrors = nil
      arithmetic = nil
      return
    }
    let bank: WeightBank
    if FileManager.default.fileExists(atPath: files.bank) {
      bank = try model.storedBank(space: space, criterion: criterion, path: files.bank)
    } else {
      bank = try Self.build(
        runFile: runFile, model: model, space: space, criterion: criterion, files: files)
    }
    contentHash = bank.contentHash
    arithmetic = try BankFile.arithmetic(of: files.bank)
    outputErrors = bank.layers.compactMap(\.outputErrors)
    try Self.writeSensitivity(of: bank, to: directory)
  }

  /// Builds a bank layer by layer; each finished layer is kept in the run directory.
  private static func build(
    runFile: RunFile, model: LoadedModel, space: SearchSpace, criterion: PruningCriterion,
    files: RunDirectory
  ) throws -> WeightBank {
    guard let source = runFile.data.calibration else {
      preconditionFailure("a run file whose pruning needs images names some")
    }
    let threads = AllowedProcessors.current.count
    let progress = SharedProgress("Reading the calibration images, \(source).")
    let loaded = try loadImages(
      path: source, preprocessing: model.configuration.preprocessing, classes: nil, threads: threads
    ) { progress.show(done: $0, total: $1, unit: "calibration images read") }
    progress.finish()
    try ImageOptions.report(
      loaded.broken, of: source, skipsBroken: runFile.data.skipsBroken)
    let packer = RunImagePacker(
      runFile: runFile, model: model, directory: files, threads: threads)
    for (role, path) in [("search", packer.searchPath), ("test", packer.testPath)] {
      guard let path else { continue }
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
      cache: StatisticsCacheOptions.usual, threads: threads)
    try BankFile.write(
      bank.layers, criterion: criterion, arithmetic: BankArithmetic.text, to: files.bank)
    do {
      try FileManager.default.removeItem(atPath: folder)
    } catch {
      Output.note("cannot remove \(folder), which is not needed any more: \(error)")
    }
    return bank
  }

  /// Writes the output errors of each layer as JSON for people and scripts.
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

  /// Returns genomes that lose little output energy for the multiplications they save, from nearly
  /// dense to nearly sparsest; none if errors were not measured.
  ///
  /// From the densest genome on, the layer is thinned next whose error grows least for each
  /// multiplication saved.
  static func seedGenomes(
    outputErrors: [[Double]]?, space: SearchSpace, layers: [PrunableLayer], count: Int
  ) -> [Genome] {
    guard let outputErrors, outputErrors.count == layers.count, count > 0 else { return [] }
    // From densest to sparsest, layer by layer.
    let patterns = space.patterns(of: layers)
    let levels = patterns.map { patterns in
      patterns.indices.sorted { patterns[$0].density > patterns[$1].density }
    }
    func cost(_ layer: Int, _ step: Int) -> Double {
      let sizes = layers[layer]
      return Double(sizes.inputs * sizes.outputs) * patterns[layer][levels[layer][step]].density
    }
    let decisions = space.decisions(about: layers)
    func genes(_ steps: [Int]) -> [UInt8] {
      var genes = space.choiceCounts.map { UInt8($0 - 1) }
      for (layer, decision) in decisions.enumerated() {
        if let decision { genes[decision] = UInt8(levels[layer][steps[layer]]) }
      }
      return genes
    }
    var steps = [Int](repeating: 0, count: layers.count)
    var path: [(genes: [UInt8], cost: Double)] = []
    while true {
      path.append((genes(steps), steps.indices.reduce(0) { $0 + cost($1, steps[$1]) }))
      var best: (layer: Int, price: Double)?
      for layer in steps.indices where steps[layer] + 1 < levels[layer].count {
        let saved = cost(layer, steps[layer]) - cost(layer, steps[layer] + 1)
        guard saved > 0 else { continue }
        let (errors, own) = (outputErrors[layer], levels[layer])
        let price = (errors[own[steps[layer] + 1]] - errors[own[steps[layer]]]) / saved
        if best.map({ price < $0.price }) ?? true { best = (layer, price) }
      }
      guard let best else { break }
      steps[best.layer] += 1
    }
    guard let first = path.first, let last = path.last, first.cost > last.cost else { return [] }
    return (1...count).compactMap { index in
      let wanted = first.cost - (first.cost - last.cost) * Double(index) / Double(count + 1)
      return path.first { $0.cost <= wanted }.map { Genome(genes: $0.genes) }
    }
  }
}

extension RunFile.Pruning {
  /// The criterion that a run file's word stands for.
  var criterion: PruningCriterion {
    switch self {
    case .magnitude, .supernet: .magnitude
    case .wanda: .wanda
    case .sparsegpt: .sparsegpt
    case .reconstruction: .reconstruction
    }
  }
}
