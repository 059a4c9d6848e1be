import LinearAlgebra
import Testing

struct MatrixLayoutTests {
  @Test func `a window ends behind its last element`() {
    let layout = MatrixLayout(offset: 5, leadingDimension: 10)
    #expect(layout.end(rows: 3, columns: 4) == 5 + 2 * 10 + 4)
    let transposed = MatrixLayout(offset: 5, leadingDimension: 10, isTransposed: true)
    #expect(transposed.end(rows: 3, columns: 4) == 5 + 3 * 10 + 3)
  }

  @Test func `overlapping rows and overflowing sizes have no end`() {
    #expect(MatrixLayout(leadingDimension: 3).end(rows: 2, columns: 4) == nil)
    #expect(MatrixLayout(leadingDimension: .max).end(rows: 3, columns: 4) == nil)
    #expect(MatrixLayout(offset: .max, leadingDimension: 4).end(rows: 1, columns: 4) == nil)
  }
}
