/// Numbers with a shape, in row-major order, as a checkpoint stores them.
package struct Tensor: Hashable, Sendable {
  /// The size of each dimension, outermost first.
  package let shape: [Int]
  /// The numbers, with the last dimension contiguous.
  package let values: [Float]

  /// Creates a tensor.
  ///
  /// - Precondition: `values` has as many numbers as `shape` says.
  package init(shape: [Int], values: [Float]) {
    precondition(shape.allSatisfy { $0 >= 0 })
    precondition(shape.reduce(1, *) == values.count)
    self.shape = shape
    self.values = values
  }
}
