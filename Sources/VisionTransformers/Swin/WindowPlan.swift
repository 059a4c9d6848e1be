import NetworkArchitectures
import SparseKernels

/// How the map of a stage is cut into windows by a block.
///
/// The map is rolled up and to the left by the shift, then padded with zeros below and on the right
/// to whole windows (timm 1.0.31). Tokens of a window that the roll brought together from opposite
/// sides of the map lie in different zones.
struct WindowPlan: Sendable {
  /// The tokens of the map.
  let grid: GridSize
  /// The tokens of a window.
  let window: GridSize
  /// How many windows lie below and beside each other.
  let windows: GridSize
  /// By how many tokens the map is rolled.
  let shift: GridSize
  /// All windows of a map, with rows as the map has them.
  let all: AttentionWindows
  /// The windows of a row of windows but the last, with rows counted from its first row of tokens.
  private let inner: AttentionWindows
  /// The windows of the last row of windows.
  private let last: AttentionWindows

  /// Plans a block of a stage.
  init(shape: SwinShape, stage: Int, block: Int) {
    let grid = shape.grid(ofStage: stage)
    let cells = WindowCells(
      grid: grid, window: shape.window(ofStage: stage), windows: shape.windows(ofStage: stage),
      shift: shape.shift(ofStage: stage, block: block))
    self.grid = grid
    window = cells.window
    windows = cells.windows
    shift = cells.shift
    all = cells.attentionWindows(0..<windows.height) { row, column in
      (row + cells.shift.height) % grid.height * grid.width + column
    }
    func ofRow(_ windowRow: Int) -> AttentionWindows {
      cells.attentionWindows(windowRow..<windowRow + 1) { row, column in
        (row - windowRow * cells.window.height) * grid.width + column
      }
    }
    inner = ofRow(0)
    last = ofRow(windows.height - 1)
  }

  /// Returns the windows of a row of windows, with rows counted from its first row of tokens.
  func windows(ofRow windowRow: Int) -> AttentionWindows {
    windowRow + 1 == windows.height ? last : inner
  }

  /// Returns the rows of tokens of some rows of windows, as the rolled map has them.
  func rolledRows(of windowRows: Range<Int>) -> Range<Int> {
    windowRows.lowerBound * window.height..<min(windowRows.upperBound * window.height, grid.height)
  }

  /// Returns where rows of the rolled map lie in the map: one run of rows, or two.
  func runs(ofRolled rows: Range<Int>) -> [Range<Int>] {
    let (first, end) = (rows.lowerBound + shift.height, rows.upperBound + shift.height)
    let height = grid.height
    if end <= height { return [first..<end] }
    if first >= height { return [first - height..<end - height] }
    return [first..<height, 0..<end - height]
  }
}

/// The cells of windows over a map.
private struct WindowCells {
  let grid: GridSize
  let window: GridSize
  let windows: GridSize
  let shift: GridSize

  /// Returns the windows of some rows of windows.
  ///
  /// - Parameter place: Returns the place of a token by its row in the rolled map and its column in
  ///   the map.
  func attentionWindows(
    _ windowRows: Range<Int>, place: (_ row: Int, _ column: Int) -> Int
  ) -> AttentionWindows {
    var rows: [Int?] = []
    var zones: [Int] = []
    for windowRow in windowRows {
      for windowColumn in 0..<windows.width {
        for row in windowRow * window.height..<(windowRow + 1) * window.height {
          for column in windowColumn * window.width..<(windowColumn + 1) * window.width {
            let isToken = row < grid.height && column < grid.width
            rows.append(isToken ? place(row, (column + shift.width) % grid.width) : nil)
            zones.append(
              3 * zone(row, windows.height * window.height, window.height, shift.height)
                + zone(column, windows.width * window.width, window.width, shift.width))
          }
        }
      }
    }
    // Without a token of another zone there is nothing to mask.
    let isMasked = zip(zones, 0...).contains { zone, index in
      zone != zones[index / window.count * window.count]
    }
    return AttentionWindows(tokens: window.count, rows: rows, zones: isMasked ? zones : [])
  }

  /// Returns the zone of a place on one side of the padded map: timm's three slices.
  private func zone(_ place: Int, _ side: Int, _ window: Int, _ shift: Int) -> Int {
    if shift == 0 || place < side - window { return 0 }
    return place < side - shift ? 1 : 2
  }
}
