import Evaluation
import Foundation
import ModelFiles
import SparsityCore

/// The folder of the package that the tests belong to.
let packageRoot = URL(filePath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The committed digits models and images.
let digitsFolder = packageRoot.appending(path: "Sources/CDemoData/data")

/// The data that is shared among checkouts and too large or not ours to be committed.
let sharedData = URL(
  filePath: ProcessInfo.processInfo.environment["ELSA_SHARED_DATA"]
    ?? packageRoot.deletingLastPathComponent().appending(path: "shared/data").path)

/// A folder that is removed with all it holds when the value is dropped.
final class TemporaryFolder {
  let path: String

  init() throws {
    path =
      FileManager.default.temporaryDirectory
      .appending(path: "elsa-evaluation-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      print("cannot remove \(path): \(error)")
    }
  }
}

/// The path of one of the two digits models.
func digitsCheckpoint(_ model: String) -> String {
  model == "dense"
    ? digitsFolder.appending(path: "digits_vit_dense.safetensors").path
    : packageRoot.appending(path: "Tests/Fixtures/digits/digits_vit_supernet.safetensors").path
}

/// One of the two digits models.
func digitsModel(_ model: String = "dense") throws -> LoadedModel {
  try LoadedModel(
    path: digitsCheckpoint(model),
    configurationPath: digitsFolder.appending(path: "config.json").path)
}

/// The dense digits model with some tensors changed or taken away, written to a folder with its
/// configuration.
func writeDigitsModel(
  to folder: TemporaryFolder, name: String = "model.safetensors",
  changing change: (inout [String: (shape: [Int], values: [Float])]) -> Void = { _ in }
) throws {
  let original = try SafetensorsFile(path: digitsCheckpoint("dense"))
  var tensors: [String: (shape: [Int], values: [Float])] = [:]
  for name in original.names { tensors[name] = try original.floats(name) }
  change(&tensors)
  let written = tensors.map { name, tensor in
    NewTensor(name: name, shape: tensor.shape, values: tensor.values)
  }
  try writeSafetensors(written, to: folder.path + "/" + name)
  let configuration = folder.path + "/config.json"
  if !FileManager.default.fileExists(atPath: configuration) {
    try FileManager.default.copyItem(
      atPath: digitsFolder.appending(path: "config.json").path, toPath: configuration)
  }
}

/// Whether the tests were compiled with optimisation.
let isReleaseBuild: Bool = {
  var isRelease = true
  assert(
    {
      isRelease = false
      return true
    }())
  return isRelease
}()
