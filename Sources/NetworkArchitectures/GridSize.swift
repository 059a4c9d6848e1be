/// The rows and columns of an image, of a map of tokens, or of a window.
package struct GridSize: Hashable, Sendable {
  /// The rows.
  package let height: Int
  /// The columns.
  package let width: Int

  /// Creates a size.
  package init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// Creates the size of a square.
  package init(side: Int) { self.init(height: side, width: side) }

  /// The cells of the grid.
  package var count: Int { height * width }
  /// Whether there are as many rows as columns.
  package var isSquare: Bool { height == width }

  /// Returns the grid of tiles that cover the grid, the last ones perhaps in part.
  package func tiles(of size: GridSize) -> GridSize {
    GridSize(
      height: (height + size.height - 1) / size.height,
      width: (width + size.width - 1) / size.width)
  }
}

extension GridSize: ExpressibleByIntegerLiteral {
  /// A square.
  package init(integerLiteral side: Int) { self.init(side: side) }
}

extension GridSize: CustomStringConvertible {
  /// The side of a square, as in `7`; else both, as in `6×4`.
  package var description: String { isSquare ? "\(height)" : "\(height)×\(width)" }
}
