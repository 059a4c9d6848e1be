import AcceleratorModel
import Evaluation
import ImageData
import ModelFiles
import Pruning
import SparsityCore
import Testing
import WireProtocol

/// A run about the digits model that the program carries, with files that are there.
package enum DigitsExample {
  /// Returns the description of a run in some arithmetic.
  package static func description(
    numerics: Numerics, shardSize: Int = 10
  ) throws -> RunDescription {
    let paths = ["digits_vit_dense.safetensors", "config.json", "search.safetensors"].map {
      Checkout.demoData + "/" + $0
    }
    let model = try LoadedModel(path: paths[0], configurationPath: paths[1])
    let images = try ImageSet(packedFile: paths[2])
    let patterns = try ["1:4", "2:4", "3:4", "4:4"].map { try #require(NMPattern($0)) }
    return RunDescription(
      run: try #require(RunID(5)),
      model: RunInput(path: paths[0], content: model.contentHash),
      configuration: RunInput(
        path: paths[1], content: try contentHash(ofFileAt: paths[1])),
      data: RunInput(path: paths[2], content: images.contentHash(threads: 2)),
      imageCount: images.count,
      bank: .derived(WeightBank.contentHash(modelHash: model.contentHash)),
      criterion: "magnitude", space: model.searchSpace(patterns: patterns), numerics: numerics,
      accelerator: "systolic32", acceleratorBatch: 8, objectives: [.accuracy, .throughput],
      costNames: Cost.wireNames, shuffleSeed: 11, shardSize: shardSize)
  }
}
