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
  public func blockPruning(
    size: BlockSize, images: ImageSet, cache: StatisticsCache? = nil, threads: Int,
    progress: (Int) throws(EvaluationError) -> Void = { _ in }
  ) throws(EvaluationError) -> [BlockPruning] {
    try checkCalibration(with: images)
    let packed = PackedVisionTransformer(
      weights, precision: .f32, variant: .best(within: .detected))
    var source = DenseStatistics(
      model: self, packed: packed, images: images, cache: cache, threads: threads)
    let layers = weights.shape.prunableLayers
    var result: [BlockPruning] = []
    for block in 0..<weights.shape.depth {
      let statistics = source.statistics(ofBlock: block)
      for (stage, own) in statistics.enumerated() where !own.isFinite {
        throw .pruning(.cannotCalibrate(layer: layers[4 * block + stage].name))
      }
      let done = Mutex([BlockPruning?](repeating: nil, count: 4))
      DispatchQueue.concurrentPerform(iterations: 4) { stage in
        let layer = layers[4 * block + stage]
        let parameters = weights.prunableLayer(at: 4 * block + stage)
        let pruning = BlockPruning(
          weights: LayerMatrix(
            outputs: layer.outputs, inputs: layer.inputs,
            values: parameters.weights.map(Double.init)),
          statistics: statistics[stage], size: size)
        done.withLock { $0[stage] = pruning }
      }
      result += done.withLock { $0.compactMap(\.self) }
      try progress(result.count)
    }
    return result
  }

  /// Throws unless some images are there and fit the model.
  func checkCalibration(with images: ImageSet) throws(EvaluationError) {
    do throws(ImageDataError) {
      try images.checkSize(weights.shape)
    } catch {
      throw .images(error)
    }
    guard images.count > 0 else { throw .noCalibrationImages(images.name) }
  }
}
