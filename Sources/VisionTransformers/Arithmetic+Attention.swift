import LinearAlgebra
import SparseKernels
import SparsityCore

extension Arithmetic {
  /// Computes one head of one image's attention: softmax(Q·Kᵀ / √d) · V for the first queries.
  ///
  /// Queries, keys and values are read where the qkv layer wrote them: rows of 3 · width numbers,
  /// in which each of the three has its heads side by side. `y` has `queries` rows of width numbers
  /// for each image.
  func attend(
    queriesKeysValues: [Float], shape: TransformerShape, image: Int, head: Int, queries: Int,
    scores: inout [Float], into y: inout [Float]
  ) {
    let (tokens, width, headWidth) = (shape.tokens, shape.width, shape.headWidth)
    let row = 3 * width
    let start = image * tokens * row + head * headWidth
    let source = queriesKeysValues.span
    let ofScores = MatrixLayout(leadingDimension: tokens)
    var scores = scores.mutableSpan
    multiplyMatrices(
      source, MatrixLayout(offset: start, leadingDimension: row),
      source, MatrixLayout(offset: start + width, leadingDimension: row, isTransposed: true),
      rows: queries, columns: tokens, inner: headWidth, into: &scores, ofScores)
    softmaxRows(
      &scores, rows: queries, width: tokens, stride: tokens,
      scale: 1 / Float(headWidth).squareRoot(), variant: variant)
    var output = y.mutableSpan
    multiplyMatrices(
      scores.span, ofScores,
      source, MatrixLayout(offset: start + 2 * width, leadingDimension: row),
      rows: queries, columns: headWidth, inner: tokens, into: &output,
      MatrixLayout(offset: image * queries * width + head * headWidth, leadingDimension: width))
  }
}
