import NetworkArchitectures

/// How images are cut into square patches, the tokens of a vision transformer.
struct PatchGrid {
  /// The size of an image, in pixels: whole patches.
  let image: GridSize
  /// The side of a patch, in pixels.
  let patchSize: Int
  /// The colour channels of an image.
  let channels: Int

  /// Calls `body` for each row of each patch, with the first pixel's place and the patch value's.
  ///
  /// Patches follow each other row by row, image by image; the values of a patch are ordered by
  /// channel, row, column, as the weights of embeddings are.
  private func forEachPatchRow(
    of images: Range<Int>,
    _ body: (_ image: Int, _ channel: Int, _ row: Int, _ column: Int, _ place: Int) -> Void
  ) {
    var place = 0
    for index in images {
      for patchRow in 0..<image.height / patchSize {
        for patchColumn in 0..<image.width / patchSize {
          for channel in 0..<channels {
            for row in patchRow * patchSize..<(patchRow + 1) * patchSize {
              body(index, channel, row, patchColumn * patchSize, place)
              place += patchSize
            }
          }
        }
      }
    }
  }

  /// Looks the pixels of patches up in a table of 256 values for each channel.
  ///
  /// - Parameters:
  ///   - pixels: Pixel values: (images × rows × columns × channels).
  ///   - images: The images whose patches are wanted.
  ///   - table: The value of each pixel value: (channels × 256).
  ///   - patches: Receives (images × patches × patch values) from its beginning.
  func gather<Element: BitwiseCopyable>(
    _ pixels: Span<UInt8>, of images: Range<Int>, table: [Element], into patches: inout [Element]
  ) {
    let table = table.span
    var patches = patches.mutableSpan
    forEachPatchRow(of: images) { index, channel, row, column, place in
      let first = ((index * image.height + row) * image.width + column) * channels + channel
      let values = table.extracting(256 * channel..<256 * (channel + 1))
      for offset in 0..<patchSize {
        patches[place + offset] = values[Int(pixels[first + offset * channels])]
      }
    }
  }

  /// Copies the patches of normalised images: (images × channels × rows × columns).
  func gather<Number: Activation>(
    normalized values: Span<Float>, of images: Range<Int>, into patches: inout [Number]
  ) {
    forEachPatchRow(of: images) { index, channel, row, column, place in
      let first = ((index * channels + channel) * image.height + row) * image.width + column
      for offset in 0..<patchSize {
        patches[place + offset] = Number(rounding: values[first + offset])
      }
    }
  }
}
