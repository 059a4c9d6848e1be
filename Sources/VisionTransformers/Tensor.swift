/// Numbers with a shape, in row-major order, as a checkpoint stores them.
public struct Tensor: Hashable, Sendable {
  /// The size of each dimension, outermost first.
  public let shape: [Int]
  /// The numbers, with the last dimension contiguous.
  public let values: [Float]

  /// Creates a tensor.
  ///
  /// - Precondition: `values` has as many numbers as `shape` says.
  public init(shape: [Int], values: [Float]) {
    precondition(shape.allSatisfy { $0 >= 0 })
    precondition(shape.reduce(1, *) == values.count)
    self.shape = shape
    self.values = values
  }
}
