import Evaluation
import Foundation
import ModelFiles
import SparsityCore
import TestSupport

/// The path of one of the two digits models.
func digitsCheckpoint(_ model: String) -> String {
  model == "dense"
    ? Checkout.demoData + "/digits_vit_dense.safetensors"
    : Checkout.fixtures + "/digits/digits_vit_supernet.safetensors"
}

/// One of the two digits models.
func digitsModel(_ model: String = "dense") throws -> LoadedModel {
  try LoadedModel(
    path: digitsCheckpoint(model),
    configurationPath: Checkout.demoData + "/config.json")
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
      atPath: Checkout.demoData + "/config.json", toPath: configuration)
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
