import Evaluation
import Foundation
import ImageData
import ModelFiles
import Pruning
import SparsityCore
import Testing
import TestSupport

/// Thrown by tests that interrupt a build.
private let interruption = EvaluationError.cancelled

/// Some images of the digits' training split.
private func calibrationDigits(_ count: Int = 60) throws -> ImageSet {
  let path = "\(Checkout.fixtures)/digits/train.safetensors"
  return try ImageSet(packedFile: path).subset(Array(0..<count))
}

/// The images of the search split that a uniform genome classifies correctly.
private func correct(_ model: LoadedModel, _ bank: WeightBank, level: Int) throws -> Int {
  let evaluator = try Evaluator(
    model: model, bank: bank, images: digits("search"),
    numerics: InferenceNumerics(precision: .f32),
    threads: 2)
  return try evaluator.evaluate(
    genome: Genome(uniform: level, count: 24), imageIndices: Array(0..<450)
  ).correct.populationCount
}

struct CalibratedBankTests {
  @Test func `calibrated banks keep more accuracy at 1:4 than magnitude`() throws {
    let model = try digitsModel()
    let space = model.searchSpace(patterns: try patterns("1:4", "2:4", "4:4"))
    let images = try calibrationDigits()
    let magnitude = try correct(model, model.weightBank(space: space, threads: 2), level: 0)
    var counts: [PruningCriterion: Int] = [:]
    for criterion in [PruningCriterion.wanda, .sparsegpt, .reconstruction] {
      let bank = try model.calibratedBank(
        space: space, criterion: criterion, images: images, threads: 2)
      #expect(bank.criterion == criterion)
      counts[criterion] = try correct(model, bank, level: 0)
      for layer in bank.layers {
        let errors = try #require(layer.outputErrors)
        #expect(errors[0] > errors[1])
        #expect(errors[1] > 0)
        #expect(errors[2] == 0)
      }
    }
    let sparseGPT = try #require(counts[.sparsegpt])
    let reconstruction = try #require(counts[.reconstruction])
    #expect(sparseGPT > magnitude)
    #expect(reconstruction > sparseGPT)
  }

  @Test func `threads and an interruption do not change a bank`() throws {
    let model = try digitsModel()
    let space = model.searchSpace(patterns: try patterns("2:4", "4:4"))
    let images = try calibrationDigits(20)
    let folder = try TemporaryFolder()
    let whole = try model.calibratedBank(
      space: space, criterion: .reconstruction, images: images, threads: 1)
    #expect(throws: interruption) {
      _ = try model.calibratedBank(
        space: space, criterion: .reconstruction, images: images, folder: folder.path, threads: 2
      ) { (done: Int) throws(EvaluationError) in
        if done == 10 { throw interruption }
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 10)
    var steps: [Int] = []
    let resumed = try model.calibratedBank(
      space: space, criterion: .reconstruction, images: images, folder: folder.path, threads: 2
    ) { (done: Int) throws(EvaluationError) in steps.append(done) }
    #expect(steps == Array(11...24))
    #expect(resumed.contentHash == whole.contentHash)
  }

  @Test func `a bank for one genome fits layers behind just its layers`() throws {
    let model = try digitsModel()
    let space = model.searchSpace(patterns: try patterns("1:4", "4:4"))
    let images = try calibrationDigits(20)
    func bank(for genome: Genome?) throws -> WeightBank {
      try model.calibratedBank(
        space: space, criterion: .reconstruction, images: images, for: genome, threads: 2)
    }
    let dense = try bank(for: Genome(uniform: 1, count: 24))
    let sparse = try bank(for: Genome(uniform: 0, count: 24))
    let any = try bank(for: nil)
    // Nothing lies before the first layer; behind dense layers targets are the inputs themselves.
    let first = try [dense, sparse, any].map { try #require($0.layers[0].levels[0]) }
    #expect(Set(first.map(\.values)).count == 1)
    let last = try [dense, sparse, any].map { try #require($0.layers[23].levels[0]) }
    #expect(Set(last.map(\.values)).count == 3)
    let only = model.searchSpace(patterns: try patterns("1:4"))
    let uniform = try model.calibratedBank(
      space: only, criterion: .reconstruction, images: images, threads: 2)
    #expect(uniform.layers[23].levels[0]?.values == last[1].values)
  }

  @Test func `a stored bank comes back, and another one is refused`() throws {
    let model = try digitsModel()
    let space = model.searchSpace(patterns: try patterns("2:4", "4:4"))
    let bank = try model.calibratedBank(
      space: space, criterion: .wanda, images: calibrationDigits(8), threads: 2)
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/bank.safetensors"
    try BankFile.write(bank.layers, criterion: .wanda, to: path)
    let stored = try model.storedBank(space: space, criterion: .wanda, path: path)
    #expect(stored.contentHash == bank.contentHash)
    #expect(stored.layers.map(\.outputErrors) == bank.layers.map(\.outputErrors))
    let criterion = #expect(throws: EvaluationError.self) {
      _ = try model.storedBank(space: space, criterion: .sparsegpt, path: path)
    }
    #expect("\(try #require(criterion))".contains("its criterion is wanda, not sparsegpt"))
    let layers = model.weights.network.prunableLayers
    let contents = try BankFile.contents(of: path, layers: layers)
    #expect(contents.criterion == .wanda)
    #expect(contents.space == space)
    #expect(throws: EvaluationError.self) {
      _ = try BankFile.contents(of: digitsCheckpoint("dense"), layers: layers)
    }
    let other = model.searchSpace(patterns: try patterns("1:4", "4:4"))
    #expect(throws: EvaluationError.self) {
      _ = try model.storedBank(space: other, criterion: .wanda, path: path)
    }
  }

  @Test func `one image is enough, none is refused, and so are images of another size`() throws {
    let model = try digitsModel()
    let space = model.searchSpace(patterns: try patterns("2:4"))
    for criterion in [PruningCriterion.wanda, .sparsegpt, .reconstruction] {
      let bank = try model.calibratedBank(
        space: space, criterion: criterion, images: calibrationDigits(1), threads: 2)
      #expect(bank.layers.allSatisfy { $0.levels.allSatisfy { $0 != nil } })
    }
    let none = #expect(throws: EvaluationError.self) {
      _ = try model.calibratedBank(
        space: space, criterion: .wanda, images: calibrationDigits(0), threads: 2)
    }
    #expect("\(try #require(none))".contains("holds no images to calibrate with"))
    let large = ImageSet(
      name: "large", imageSize: ImageSize(height: 9, width: 9, channels: 1),
      images: [Array(repeating: 0, count: 81)], labels: [0])
    #expect(throws: EvaluationError.self) {
      _ = try model.calibratedBank(
        space: space, criterion: .wanda, images: large, threads: 2)
    }
  }

  @Test func `activations that are not finite are refused with the layer's name`() throws {
    let folder = try TemporaryFolder()
    try writeDigitsModel(to: folder) { tensors in
      guard let scale = tensors["blocks.2.norm1.weight"] else { return }
      let huge = scale.values.map { _ in Float.greatestFiniteMagnitude }
      tensors["blocks.2.norm1.weight"] = (scale.shape, huge)
    }
    let model = try LoadedModel(path: folder.path)
    let space = model.searchSpace(patterns: try patterns("2:4"))
    let error = #expect(throws: EvaluationError.self) {
      _ = try model.calibratedBank(
        space: space, criterion: .sparsegpt, images: calibrationDigits(4), threads: 1)
    }
    #expect("\(try #require(error))".contains("blocks.2"))
  }

  @Test func `a pruned checkpoint is a checkpoint, dense and compressed`() throws {
    let model = try digitsModel()
    let space = model.searchSpace(patterns: try patterns("1:4", "2:4", "5:8", "4:4"))
    let bank = try model.weightBank(space: space, threads: 2)
    let genome = Genome(genes: (0..<24).map { UInt8($0 * 7 % 5 % 4) })
    let pruned = PrunedCheckpoint(model: model, bank: bank, genome: genome)
    let folder = try TemporaryFolder()
    let (compressed, metadata) = pruned.compressedTensors()
    try writeSafetensors(try pruned.denseTensors(), to: "\(folder.path)/dense.safetensors")
    try writeSafetensors(
      compressed, metadata: metadata, to: "\(folder.path)/compressed.safetensors")
    let configuration = "\(Checkout.demoData)/config.json"
    for name in ["dense", "compressed"] {
      let read = try LoadedModel(
        path: "\(folder.path)/\(name).safetensors", configurationPath: configuration)
      for (index, chosen) in bank.weights(of: genome).enumerated() {
        let expected =
          chosen?.decompressed() ?? model.weights.prunableLayer(at: index).weights
        #expect(read.weights.prunableLayer(at: index).weights == expected)
        #expect(
          read.weights.prunableLayer(at: index).bias
            == model.weights.prunableLayer(at: index).bias)
      }
      let pruned = Set(space.decisions.map { "\($0.name).weight" })
      for tensor in model.weights.network.tensors where !pruned.contains(tensor.name) {
        let name = tensor.name
        #expect(read.weights.values(named: name) == model.weights.values(named: name))
      }
    }
    let masks = pruned.maskTensors()
    #expect(masks.count == 24)
    #expect(masks[0].bytes.count { $0 == 1 } <= masks[0].bytes.count / 4)
    var damaged = metadata
    damaged["blocks.0.attn.qkv.weight.pattern"] = "3:4"
    try writeSafetensors(
      compressed, metadata: damaged, to: "\(folder.path)/damaged.safetensors")
    let error = #expect(throws: EvaluationError.self) {
      _ = try LoadedModel(
        path: "\(folder.path)/damaged.safetensors", configurationPath: configuration)
    }
    #expect("\(try #require(error))".contains("blocks.0.attn.qkv.weight"))
  }
}
