import NetworkArchitectures
import SparseKernels
import SparsityCore

/// Calls `body` with the first pixel's place and the patch value's place of each row of a patch.
///
/// Patches follow each other row by row, image by image; the values of a patch are ordered by
/// channel, row, column, as the embedding's weights are.
private func forEachPatchRow(
  of shape: TransformerShape, count: Int,
  _ body: (_ image: Int, _ channel: Int, _ row: Int, _ column: Int, _ place: Int) -> Void
) {
  let (side, size) = (shape.imageSize, shape.patchSize)
  var place = 0
  for image in 0..<count {
    for patchRow in 0..<side / size {
      for patchColumn in 0..<side / size {
        for channel in 0..<shape.channels {
          for row in patchRow * size..<(patchRow + 1) * size {
            body(image, channel, row, patchColumn * size, place)
            place += size
          }
        }
      }
    }
  }
}

/// Looks the pixels of patches up in a table of 256 values for each channel.
private func gather<Element: BitwiseCopyable>(
  _ pixels: Span<UInt8>, of shape: TransformerShape, count: Int, table: [Element],
  into patches: inout [Element]
) {
  let table = table.span
  var patches = patches.mutableSpan
  let (side, size, channels) = (shape.imageSize, shape.patchSize, shape.channels)
  forEachPatchRow(of: shape, count: count) { image, channel, row, column, place in
    let start = ((image * side + row) * side + column) * channels + channel
    let values = table.extracting(256 * channel..<256 * (channel + 1))
    for index in 0..<size {
      patches[place + index] = values[Int(pixels[start + index * channels])]
    }
  }
}

extension VisionTransformerPass {
  /// Copies the patches of pixel images into `wide`, normalised: (images × patches × patch values).
  mutating func gatherPatches(pixels: Span<UInt8>, count: Int) {
    gather(pixels, of: shape, count: count, table: pixelTable, into: &wide)
  }

  /// Copies the patches of normalised images into `wide`: (images × patches × patch values).
  mutating func gatherPatches(normalized images: Span<Float>, count: Int) {
    let (side, size, channels) = (shape.imageSize, shape.patchSize, shape.channels)
    forEachPatchRow(of: shape, count: count) { image, channel, row, column, place in
      let source = ((image * channels + channel) * side + row) * side + column
      for index in 0..<size {
        wide[place + index] = Number(rounding: images[source + index])
      }
    }
  }

  /// Computes `tokens` from the patches in `wide`: embedded patches behind the extra tokens, with
  /// positions added.
  mutating func embed(count: Int) {
    let (width, extra) = (shape.width, shape.extraTokens)
    let size = shape.tokens * width
    let positions = model.positions
    for image in 0..<count {
      let start = image * size
      for index in 0..<size { tokens[start + index] = positions[index] }
      for index in 0..<extra * width { tokens[start + index] += model.extraTokens[index] }
      arithmetic.applyDense(
        model.embedding, to: wide, first: image * shape.patches, rows: shape.patches,
        addingTo: &tokens, from: start + extra * width, &workspace)
    }
  }
}
