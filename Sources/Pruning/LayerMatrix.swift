import LinearAlgebra
import SparsityCore

/// The weights of a layer as doubles, (outputs × inputs) row-major.
package struct LayerMatrix: Hashable, Sendable {
  /// The output features.
  package let outputs: Int
  /// The input features.
  package let inputs: Int
  /// The weights, one row for each output.
  package var values: [Double]

  package init(outputs: Int, inputs: Int, values: [Double]) {
    precondition(outputs > 0 && inputs > 0)
    precondition(values.count == outputs * inputs)
    self.outputs = outputs
    self.inputs = inputs
    self.values = values
  }

  /// Returns the matrix with what a mask does not mark set to zero.
  package func masked(by mask: [Bool]) -> LayerMatrix {
    precondition(mask.count == values.count)
    return LayerMatrix(
      outputs: outputs, inputs: inputs, values: zip(values, mask).map { $1 ? $0 : 0 })
  }

  /// Returns the product with a row-major (inputs × inputs) matrix.
  ///
  /// - Complexity: O(outputs · inputs²).
  func times(_ square: [Double]) -> [Double] {
    precondition(square.count == inputs * inputs)
    var product = [Double](repeating: 0, count: values.count)
    var target = product.mutableSpan
    multiply(
      values.span, square.span,
      sizes: ProductSizes(rows: outputs, inner: inputs, columns: inputs), into: &target)
    return product
  }

  /// Returns some of the rows.
  package func rows(_ range: Range<Int>) -> LayerMatrix {
    LayerMatrix(
      outputs: range.count, inputs: inputs,
      values: Array(values[range.lowerBound * inputs..<range.upperBound * inputs]))
  }
}
