import Evaluation
import FileMutations
import Foundation
import ModelFiles
import Pruning
import SparsityCore
import Testing
import TestSupport

/// A seeded mutator over whole models: dense and compressed checkpoints, configurations and banks
/// are used or refused with a diagnostic that name the file, never with a trap.
@Suite(.timeLimit(.minutes(20)))
struct ModelFuzzTests {
  private static let configuration = """
    {"architecture": "vit_fuzz", "img_size": 4, "patch_size": 2, "in_chans": 1, "embed_dim": 8,
     "depth": 1, "num_heads": 2, "mlp_ratio": 2.0, "num_classes": 3, "mean": [0.5], "std": [0.2],
     "crop_pct": 1.0, "interpolation": "bicubic"}
    """

  /// The files of a tiny model, as valid bytes.
  private struct Files {
    let dense: [UInt8]
    let compressed: [UInt8]
    let bank: [UInt8]

    init(in folder: TemporaryFolder) throws {
      var generator = SeededGenerator(seed: 5)
      let shapes: [(String, [Int])] = [
        ("cls_token", [1, 1, 8]), ("pos_embed", [1, 5, 8]),
        ("patch_embed.proj.weight", [8, 1, 2, 2]), ("patch_embed.proj.bias", [8]),
        ("blocks.0.norm1.weight", [8]), ("blocks.0.norm1.bias", [8]),
        ("blocks.0.attn.qkv.weight", [24, 8]), ("blocks.0.attn.qkv.bias", [24]),
        ("blocks.0.attn.proj.weight", [8, 8]), ("blocks.0.attn.proj.bias", [8]),
        ("blocks.0.norm2.weight", [8]), ("blocks.0.norm2.bias", [8]),
        ("blocks.0.mlp.fc1.weight", [16, 8]), ("blocks.0.mlp.fc1.bias", [16]),
        ("blocks.0.mlp.fc2.weight", [8, 16]), ("blocks.0.mlp.fc2.bias", [8]),
        ("norm.weight", [8]), ("norm.bias", [8]), ("head.weight", [3, 8]), ("head.bias", [3]),
      ]
      let tensors = shapes.map { name, shape in
        let values = (0..<shape.reduce(1, *)).map { _ in
          Float(generator.index(below: 2001)) / 1000 - 1
        }
        return NewTensor(name: name, shape: shape, values: values)
      }
      func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: "\(folder.path)/\(name)")))
      }
      try writeSafetensors(tensors, to: folder.path + "/dense.safetensors")
      dense = try bytes("dense.safetensors")
      let model = try LoadedModel(
        file: SafetensorsFile(bytes: dense, name: "dense"),
        configuration: ModelConfigurationFile(
          bytes: Array(ModelFuzzTests.configuration.utf8), name: "config"))
      let space = model.searchSpace(patterns: try patterns("2:4"))
      let built = try model.weightBank(space: space, threads: 1)
      let genome = Genome(uniform: 0, count: space.decisions.count)
      let (parts, metadata) = PrunedCheckpoint(model: model, bank: built, genome: genome)
        .compressedTensors()
      try writeSafetensors(parts, metadata: metadata, to: folder.path + "/compressed.safetensors")
      compressed = try bytes("compressed.safetensors")
      try BankFile.write(built.layers, criterion: .wanda, to: folder.path + "/bank.safetensors")
      bank = try bytes("bank.safetensors")
    }
  }

  /// Changes the header as text, with a size that is right, or bytes anywhere.
  private func damaged(_ file: [UInt8], _ mutator: inout FileMutator) -> [UInt8] {
    guard mutator.number(below: 3) > 0 else { return mutator.damaged(file) }
    let size = (0..<8).reduce(0) { $0 | Int(file[$1]) << (8 * $1) }
    let header = String(decoding: file[8..<8 + size], as: UTF8.self)
    let text = Array(mutator.damaged(header).utf8)
    return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
      + file[(8 + size)...]
  }

  @Test(arguments: UInt64(0)..<8)
  func `mutated models are loaded or refused`(seed: UInt64) throws {
    let files = try Files(in: TemporaryFolder())
    var mutator = FileMutator(seed: seed)
    var loadedCount = 0
    for _ in 0..<300 {
      let original = mutator.pick([files.dense, files.compressed])
      let bytes = damaged(original, &mutator)
      let text =
        mutator.number(below: 4) == 0
        ? mutator.damaged(Self.configuration) : Self.configuration
      do {
        let model = try LoadedModel(
          file: SafetensorsFile(bytes: bytes, name: "the file"),
          configuration: ModelConfigurationFile(bytes: Array(text.utf8), name: "the file"))
        loadedCount += 1
        let space = model.searchSpace(patterns: try patterns("1:4", "4:4"))
        _ = try model.weightBank(space: space, threads: 1)
      } catch {
        #expect("\(error)".contains("the file") && "\(error)".utf8.count < 2_000, "\(error)")
      }
    }
    #expect(loadedCount > 5 && loadedCount < 290, "\(loadedCount)")
  }

  @Test(arguments: UInt64(0)..<8)
  func `mutated banks are read or refused`(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    let files = try Files(in: folder)
    let model = try LoadedModel(
      file: SafetensorsFile(bytes: files.dense, name: "dense"),
      configuration: ModelConfigurationFile(
        bytes: Array(Self.configuration.utf8), name: "config"))
    var mutator = FileMutator(seed: seed)
    let path = folder.path + "/bank.safetensors"
    var readCount = 0
    for _ in 0..<300 {
      try Data(damaged(files.bank, &mutator)).write(to: URL(filePath: path))
      do {
        let (criterion, space) = try BankFile.contents(
          of: path, layers: model.weights.network.prunableLayers)
        _ = try model.storedBank(space: space, criterion: criterion, path: path)
        readCount += 1
      } catch {
        #expect("\(error)".contains(path) && "\(error)".utf8.count < 2_000, "\(error)")
      }
    }
    #expect(readCount > 5 && readCount < 290, "\(readCount)")
  }
}
