import ContentHashing
import Evaluation
import Foundation
import ModelFiles
import SparsityCore
import Testing
import TestSupport
import VisionTransformers

struct LoadedModelTests {
  @Test func `a checkpoint is loaded with the configuration beside it`() throws {
    let model = try LoadedModel(path: digitsCheckpoint("dense"))
    #expect(model.weights.network == model.configuration.network)
    #expect(model.weights.network.blocks.count == 6)
    #expect(model.normalization.mean == [0.3053])
    let bytes = Array(try Data(contentsOf: URL(filePath: digitsCheckpoint("dense"))))
    #expect(model.contentHash == ContentHash(of: bytes.span))
  }

  @Test(arguments: ["model.safetensors", "best.safetensors"])
  func `the only checkpoint of a folder is loaded`(name: String) throws {
    let folder = try TemporaryFolder()
    try writeDigitsModel(to: folder, name: name)
    #expect(try LoadedModel(path: folder.path).path == folder.path + "/" + name)
    #expect(try LoadedModel(path: folder.path + "/").path == folder.path + "/" + name)
  }

  @Test func `model.safetensors is loaded where a folder has several`() throws {
    let folder = try TemporaryFolder()
    try writeDigitsModel(to: folder, name: "a.safetensors")
    try writeDigitsModel(to: folder)
    #expect(try LoadedModel(path: folder.path).path == folder.path + "/model.safetensors")
  }

  @Test func `a folder with several checkpoints and no usual name is refused`() throws {
    let folder = try TemporaryFolder()
    try writeDigitsModel(to: folder, name: "b.safetensors")
    try writeDigitsModel(to: folder, name: "a.safetensors")
    let error = EvaluationError.noSingleCheckpoint(
      folder: folder.path, found: ["a.safetensors", "b.safetensors"])
    #expect(throws: error) { _ = try LoadedModel(path: folder.path) }
    #expect(error.description.contains("a.safetensors, b.safetensors"))
  }

  @Test func `a folder without a checkpoint is refused`() throws {
    let folder = try TemporaryFolder()
    let error = EvaluationError.noSingleCheckpoint(folder: folder.path, found: [])
    #expect(throws: error) { _ = try LoadedModel(path: folder.path) }
    #expect(error.description.contains(folder.path))
  }

  @Test func `a path that leads nowhere is named`() {
    #expect(throws: EvaluationError.noSuchPath("/nowhere/model.safetensors")) {
      _ = try LoadedModel(path: "/nowhere/model.safetensors")
    }
  }

  @Test func `a missing configuration is named`() throws {
    let folder = try TemporaryFolder()
    try writeDigitsModel(to: folder)
    try FileManager.default.removeItem(atPath: folder.path + "/config.json")
    let error = #expect(throws: EvaluationError.self) { _ = try LoadedModel(path: folder.path) }
    #expect(error?.description.contains(folder.path + "/config.json") == true)
  }

  @Test(arguments: [0, 7, 100, 5000, 50_000])
  func `a truncated checkpoint is named`(size: Int) throws {
    let folder = try TemporaryFolder()
    try writeDigitsModel(to: folder)
    let path = folder.path + "/model.safetensors"
    let bytes = try Data(contentsOf: URL(filePath: path))
    try bytes.prefix(size).write(to: URL(filePath: path))
    let error = #expect(throws: EvaluationError.self) { _ = try LoadedModel(path: path) }
    #expect(error?.description.contains(path) == true)
  }

  @Test func `a checkpoint with a NaN is refused with file, tensor and place`() throws {
    let folder = try TemporaryFolder()
    try writeDigitsModel(to: folder) { $0["blocks.3.mlp.fc1.weight"]?.values[77] = .nan }
    let error = #expect(throws: EvaluationError.self) { _ = try LoadedModel(path: folder.path) }
    let diagnostic = error?.description ?? ""
    #expect(diagnostic.contains(folder.path + "/model.safetensors"))
    #expect(diagnostic.contains("blocks.3.mlp.fc1.weight"))
    #expect(diagnostic.contains("77"))
  }

  @Test func `a checkpoint of another depth than the configuration's is refused`() throws {
    let folder = try TemporaryFolder()
    try writeDigitsModel(to: folder) { tensors in
      for name in tensors.keys where name.hasPrefix("blocks.5.") { tensors[name] = nil }
    }
    let path = folder.path + "/model.safetensors"
    let error = EvaluationError.model(
      path: path,
      fault: .missingTensor(name: "blocks.5.norm1.weight", expected: [64]))
    #expect(throws: error) { _ = try LoadedModel(path: folder.path) }
  }

  @Test func `tensors of integers are refused`() throws {
    let folder = try TemporaryFolder()
    try writeDigitsModel(to: folder)
    let path = folder.path + "/model.safetensors"
    try writeSafetensors([NewTensor(name: "cls_token", shape: [1], values: [Int32(1)])], to: path)
    let error = #expect(throws: EvaluationError.self) { _ = try LoadedModel(path: path) }
    #expect(error?.description.contains("cls_token") == true)
  }
}
