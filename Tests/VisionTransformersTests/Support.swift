import LinearAlgebra
import NetworkArchitectures
import SparseKernels
import SparsityCore
import VisionTransformers

/// A shape small enough to compute by hand-written loops.
func smallShape(
  depth: Int = 2, channels: Int = 3, isDistilled: Bool = false, hasQKVBias: Bool = true
) throws -> TransformerShape {
  try TransformerShape(
    imageSize: 8, patchSize: 4, channels: channels, width: 12, depth: depth, heads: 3,
    hiddenWidth: 20, classes: 5, isDistilled: isDistilled, hasQKVBias: hasQKVBias)
}

/// Random tensors of every name that a checkpoint of `shape` holds.
func randomTensors(of shape: TransformerShape, seed: UInt64) -> [String: Tensor] {
  var generator = SeededGenerator(seed: seed)
  var tensors: [String: Tensor] = [:]
  for tensor in shape.network.tensors {
    let values = (0..<tensor.count).map { _ in Float(generator.unitInterval() - 0.5) }
    tensors[tensor.name] = Tensor(shape: tensor.shape, values: values)
  }
  return tensors
}

/// Holds oneDNN to what ELSA_INSTRUCTION_SET allows; called before every first product.
func holdToDetected() {
  precondition(isHeldToDetected)
}

/// Whether oneDNN is limited to the detected instruction set; decided once.
private let isHeldToDetected: Bool = {
  do throws(LinearAlgebraError) {
    try limitInstructions(to: .detected)
    return true
  } catch {
    // Tests of other targets in this process have set the same limit.
    return error == .limitTooLate(.detected)
  }
}()
