import Dispatch
import ImageData
import Pruning
import SparsityCore
import Synchronization
import VisionTransformers

extension LoadedModel {
  /// Scores the blocks of every prunable layer from what calibration images tell of the dense
  /// model, in network order.
  ///
  /// - Parameters:
  ///   - cache: Where the statistics of dense models are kept.
  ///   - progress: Is told the number of layers that are done, block after block.
  package func blockPruning(
    size: BlockSize, images: ImageSet, cache: StatisticsCache? = nil, threads: Int,
    progress: (Int) throws(EvaluationError) -> Void = { _ in }
  ) throws(EvaluationError) -> [BlockPruning] {
    try checkCalibration(with: images)
    let packed = try packed(precision: .f32, variant: .best(within: .detected))
    var source = DenseStatistics(
      model: self, packed: packed, images: images, cache: cache, threads: threads)
    let network = weights.network
    var result: [BlockPruning] = []
    for (place, block) in network.blocks.enumerated() {
      let statistics = source.statistics(ofBlock: place)
      for (index, own) in zip(block.layers, statistics) where !own.isFinite {
        throw .pruning(.cannotCalibrate(layer: network.prunableLayers[index].name))
      }
      let done = Mutex([BlockPruning?](repeating: nil, count: block.layers.count))
      DispatchQueue.concurrentPerform(iterations: block.layers.count) { offset in
        let index = block.firstLayer + offset
        let layer = network.prunableLayers[index]
        let parameters = weights.prunableLayer(at: index)
        let pruning = BlockPruning(
          weights: LayerMatrix(
            outputs: layer.outputs, inputs: layer.inputs,
            values: parameters.weights.map(Double.init)),
          statistics: statistics[offset], size: size)
        done.withLock { $0[offset] = pruning }
      }
      result += done.withLock { $0.compactMap(\.self) }
      try progress(result.count)
    }
    return result
  }

  /// Throws unless some images are there and fit the model.
  func checkCalibration(with images: ImageSet) throws(EvaluationError) {
    do throws(ImageDataError) {
      try images.checkSize(weights.network.input)
    } catch {
      throw .images(error)
    }
    guard images.count > 0 else { throw .noCalibrationImages(images.name) }
  }
}
