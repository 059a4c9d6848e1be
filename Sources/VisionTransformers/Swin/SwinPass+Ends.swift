import NetworkArchitectures
import SparseKernels

extension SwinPass {
  /// Computes the tokens of an image from its patches in `wide`.
  mutating func embed(image: Int) {
    let (rows, width) = (shape.grid(ofStage: 0).count, shape.embeddingWidth)
    clearOtherTokens(rows * width)
    arithmetic.applyDense(
      model.embedding, to: wide, first: 0, rows: rows, addingTo: &otherTokens, from: 0,
      &workspace)
    sums.normalize(
      otherTokens, model.embeddingNorm, first: 0, rows: rows, into: &tokens, from: image * rows)
  }

  /// Replaces the tokens by those of the next stage: four neighbours become one.
  mutating func merge(into stage: Int, count: Int) {
    let (from, to) = (shape.grid(ofStage: stage - 1), shape.grid(ofStage: stage))
    let width = shape.width(ofStage: stage - 1)
    let (merging, rows) = (model.mergings[stage - 1], groups.merging[stage])
    clearOtherTokens(count * to.count * 2 * width)
    for first in stride(from: 0, to: count * to.count, by: rows) {
      let group = first..<min(first + rows, count * to.count)
      for tile in stride(from: first, to: group.upperBound, by: SwinRowGroups.gatheredRows) {
        let own = tile..<min(tile + SwinRowGroups.gatheredRows, group.upperBound)
        NeighbourGrid(from: from, to: to).gather(
          rows: own, width: width, of: tokens, into: &neighbours)
        arithmetic.normalize(
          neighbours, merging.norm, rows: own.count, into: &layerInput, from: tile - first)
      }
      arithmetic.applyDense(
        merging.reduction, to: layerInput, first: 0, rows: group.count, addingTo: &otherTokens,
        from: first * 2 * width, &workspace)
    }
    let merged = otherTokens
    otherTokens = tokens
    tokens = merged
  }

  /// Computes the logits: the norm of every token, their mean, the classifier.
  mutating func applyHead(count: Int, into logits: inout MutableSpan<Float>) {
    let (grid, width) = (shape.grid(ofStage: shape.depths.count - 1), shape.finalWidth)
    sums.normalize(
      tokens, model.norm, first: 0, rows: count * grid.count, into: &otherTokens, from: 0)
    if let observe {
      observe(.norm, otherTokens.span.extracting(0..<count * grid.count * width))
    }
    var totals = [Float](repeating: 0, count: width)
    for image in 0..<count {
      for index in 0..<width { totals[index] = 0 }
      for token in image * grid.count..<(image + 1) * grid.count {
        for index in 0..<width { totals[index] += otherTokens[token * width + index] }
      }
      for index in 0..<width {
        layerInput[image * width + index] = Number(rounding: totals[index] / Float(grid.count))
      }
    }
    for index in logits.indices { logits[index] = 0 }
    arithmetic.applyDense(
      model.head, to: layerInput, first: 0, rows: count, addingTo: &logits, &workspace)
  }

  private mutating func clearOtherTokens(_ count: Int) {
    var all = otherTokens.mutableSpan
    for index in 0..<count { all[index] = 0 }
  }
}

/// Which tokens of a map become one.
private struct NeighbourGrid {
  /// The map.
  let from: GridSize
  /// The map of merged tokens, half as high and wide.
  let to: GridSize

  /// Copies the four neighbours of some merged tokens side by side: above on the left, below on the
  /// left, above on the right, below on the right; beyond the map they are zero.
  func gather(
    rows: Range<Int>, width: Int, of tokens: [Float], into neighbours: inout [Float]
  ) {
    let source = tokens.span
    var target = neighbours.mutableSpan
    var place = 0
    for row in rows {
      let (image, cell) = (row / to.count, row % to.count)
      let (top, left) = (2 * (cell / to.width), 2 * (cell % to.width))
      for (down, right) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
        let isInside = top + down < from.height && left + right < from.width
        let first = image * from.count + (top + down) * from.width + left + right
        var part = target._mutatingExtracting(place..<place + width)
        place += width
        guard isInside else {
          for index in part.indices { part[index] = 0 }
          continue
        }
        let token = source.extracting(first * width..<(first + 1) * width)
        for index in 0..<width { part[index] = token[index] }
      }
    }
  }
}
