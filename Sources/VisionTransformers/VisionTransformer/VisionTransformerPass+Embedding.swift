import NetworkArchitectures
import SparseKernels
import SparsityCore

extension VisionTransformerPass {
  /// Copies the patches of pixel images into `wide`, normalised: (images × patches × patch values).
  mutating func gatherPatches(pixels: Span<UInt8>, count: Int) {
    patches.gather(pixels, of: 0..<count, table: pixelTable, into: &wide)
  }

  /// Copies the patches of normalised images into `wide`: (images × patches × patch values).
  mutating func gatherPatches(normalized images: Span<Float>, count: Int) {
    patches.gather(normalized: images, of: 0..<count, into: &wide)
  }

  /// Computes `tokens` from the patches in `wide`: embedded patches behind the extra tokens, with
  /// positions added, and normalised if the model does so.
  mutating func embed(count: Int) {
    let (width, extra) = (shape.width, shape.extraTokens)
    let size = shape.tokens * width
    let initial = model.initialTokens
    for image in 0..<count {
      let start = image * size
      for index in 0..<size { tokens[start + index] = initial[index] }
      arithmetic.applyDense(
        model.embedding, to: wide, first: image * shape.patches, rows: shape.patches,
        addingTo: &tokens, from: start + extra * width, &workspace)
    }
    if let norm = model.preNorm { normalizeTokens(norm, rows: count * shape.tokens) }
  }
}
