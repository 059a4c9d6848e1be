extension ForwardPass {
  /// Copies the patches of pixel images into `wide`, normalised: (images × patches × patch values).
  ///
  /// The values of a patch are ordered by channel, row, column, as the embedding's weights are.
  mutating func gatherPatches(pixels: Span<UInt8>, count: Int) {
    let shape = weights.shape
    let (side, size, channels) = (shape.imageSize, shape.patchSize, shape.channels)
    var next = 0
    for image in 0..<count {
      for patchRow in 0..<side / size {
        for patchColumn in 0..<side / size {
          for channel in 0..<channels {
            for row in patchRow * size..<(patchRow + 1) * size {
              var source = ((image * side + row) * side + patchColumn * size) * channels + channel
              for _ in 0..<size {
                wide[next] = pixelTable[channel * 256 + Int(pixels[source])]
                next += 1
                source += channels
              }
            }
          }
        }
      }
    }
  }

  /// Copies the patches of normalised images into `wide`: (images × patches × patch values).
  mutating func gatherPatches(normalized images: Span<Float>, count: Int) {
    let shape = weights.shape
    let (side, size, channels) = (shape.imageSize, shape.patchSize, shape.channels)
    var next = 0
    for image in 0..<count {
      for patchRow in 0..<side / size {
        for patchColumn in 0..<side / size {
          for channel in 0..<channels {
            for row in patchRow * size..<(patchRow + 1) * size {
              let source = ((image * channels + channel) * side + row) * side + patchColumn * size
              for column in 0..<size {
                wide[next] = images[source + column]
                next += 1
              }
            }
          }
        }
      }
    }
  }

  /// Computes `tokens` from the patches in `wide`: embedded patches behind the extra tokens, with
  /// positions added.
  mutating func embed(count: Int) {
    let shape = weights.shape
    let (width, extra) = (shape.width, shape.extraTokens)
    let embedding = weights.patchEmbedding
    arithmetic.multiply(
      embedding, weights: embedding.weights, by: wide, rows: count * shape.patches, into: &update)
    let positions = weights.positions
    for image in 0..<count {
      let start = image * shape.tokens * width
      for index in 0..<extra * width {
        tokens[start + index] = weights.extraTokens[index] + positions[index]
      }
      let source = image * shape.patches * width
      for index in 0..<shape.patches * width {
        let position = extra * width + index
        tokens[start + position] = update[source + index] + positions[position]
      }
    }
  }
}
