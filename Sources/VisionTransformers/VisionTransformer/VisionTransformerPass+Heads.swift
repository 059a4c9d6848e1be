import NetworkArchitectures

extension VisionTransformerPass {
  /// Computes the logits from the tokens that are left of each image: those that heads look at.
  mutating func applyHeads(count: Int, into logits: inout MutableSpan<Float>) {
    let features = shape.features
    let heads = model.heads.count
    if features.pooling == .token {
      // A norm of each token may as well come after the others are left out.
      if heads > 1 { sortExtraTokens(count: count, kinds: heads) }
    } else {
      if features.finalNorm == .beforePooling, let norm = model.norm {
        normalizeTokens(norm, rows: count * shape.tokens)
      }
      pool(count: count)
    }
    normalizePooled(rows: heads * count)
    for index in logits.indices { logits[index] = 0 }
    for (head, packed) in model.heads.enumerated() {
      arithmetic.applyDense(
        packed, to: layerInput, first: head * count, rows: count, addingTo: &logits, &workspace)
    }
    guard heads > 1 else { return }
    for index in logits.indices { logits[index] /= Float(heads) }
  }

  /// Brings the first rows of the residual stream to `layerInput`, through the last norm where it
  /// comes after pooling.
  private mutating func normalizePooled(rows: Int) {
    let isLast = shape.features.pooling == .token || shape.features.finalNorm == .afterPooling
    if isLast, let norm = model.norm {
      arithmetic.normalize(tokens, norm, rows: rows, into: &layerInput)
    } else {
      for index in 0..<rows * shape.width { layerInput[index] = Number(rounding: tokens[index]) }
    }
  }

  /// Normalises the first rows of the residual stream, in fp32 in all formats.
  mutating func normalizeTokens(_ norm: NormParameters, rows: Int) {
    arithmetic.normalizeTokens(tokens, norm, rows: rows, into: &spareTokens)
    swap(&tokens, &spareTokens)
  }

  /// Pools the tokens of each image into one, at the start of the residual stream.
  private mutating func pool(count: Int) {
    let (width, size) = (shape.width, shape.tokens * shape.width)
    let first = shape.features.poolsExtraTokens ? 0 : shape.extraTokens
    let pooled = shape.tokens - first
    var sums = [Float](repeating: 0, count: width)
    var maxima = sums
    for image in 0..<count {
      for index in 0..<width { (sums[index], maxima[index]) = (0, -.infinity) }
      for token in first..<shape.tokens {
        let start = image * size + token * width
        for index in 0..<width {
          let value = tokens[start + index]
          sums[index] += value
          // A NaN stays: logits that are no numbers are an error.
          maxima[index] = value.isNaN ? value : max(value, maxima[index])
        }
      }
      // Image 0 is written after it is read, and the others lie behind.
      for index in 0..<width {
        let mean = sums[index] / Float(pooled)
        tokens[image * width + index] =
          switch shape.features.pooling {
          case .token: preconditionFailure("a token is taken, not pooled")
          case .mean: mean
          case .maximum: maxima[index]
          case .meanAndMaximum: 0.5 * (maxima[index] + mean)
          }
      }
    }
  }

  /// Changes the order of the extra tokens from (images × kinds) to (kinds × images).
  private mutating func sortExtraTokens(count: Int, kinds: Int) {
    let width = shape.width
    let old = Array(tokens[0..<count * kinds * width])
    for image in 0..<count {
      for kind in 0..<kinds {
        let source = (image * kinds + kind) * width
        let target = (kind * count + image) * width
        for index in 0..<width { tokens[target + index] = old[source + index] }
      }
    }
  }
}
