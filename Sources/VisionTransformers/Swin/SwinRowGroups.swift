import NetworkArchitectures

/// How many rows of tokens a pass computes at a time in each stage, and the buffers for them.
struct SwinRowGroups: Sendable {
  /// What the attention of a stage takes at a time.
  enum AttentionGroup: Sendable {
    /// This many images.
    case images(Int)
    /// This many rows of windows of one image.
    case windowRows(Int)
  }

  /// What the attention takes at a time, by stage.
  let attention: [AttentionGroup]
  /// The rows that a perceptron takes at a time, by stage.
  let perceptron: [Int]
  /// The merged rows that are made at a time, by stage; the first stage has none.
  let merging: [Int]
  /// The numbers of the widest inputs of layers.
  let layerInputCount: Int
  /// The numbers of patches, queries, keys and values, or a hidden layer.
  let wideCount: Int
  /// The numbers of neighbours that are gathered at a time.
  let neighbourCount: Int

  /// The bytes of inputs and outputs of a layer at a time: half a second-level cache.
  private static let bytesPerGroup = 1 << 19
  /// The merged rows whose neighbours are gathered at a time, for the first-level cache.
  static let gatheredRows = 8
  /// The least rows at a time: fewer would read weights from memory too often, and leave tiles of
  /// the products' kernels half empty.
  private static let rowsMin = 240

  /// Chooses groups for numbers of `numberSize` bytes.
  init(shape: SwinShape, batchMax: Int, numberSize: Int) {
    var attention: [AttentionGroup] = []
    var perceptron: [Int] = []
    var merging: [Int] = []
    var (inputs, wide) = (0, 0)
    for stage in shape.depths.indices {
      let (grid, width) = (shape.grid(ofStage: stage), shape.width(ofStage: stage))
      let (window, windows) = (shape.window(ofStage: stage), shape.windows(ofStage: stage))
      let hidden = shape.hiddenWidth(ofStage: stage)
      let all = batchMax * grid.count
      func rows(numbersPerRow: Int) -> Int {
        max(Self.rowsMin, Self.bytesPerGroup / numberSize / numbersPerRow)
      }
      let attentionRows = rows(numbersPerRow: 4 * width)
      let windowRow = window.height * grid.width
      let groupRows: Int
      if attentionRows >= grid.count || windows.height == 1 {
        let images = min(batchMax, max(1, attentionRows / grid.count))
        attention.append(.images(images))
        groupRows = images * grid.count
      } else {
        let count = min(windows.height, max(1, attentionRows / windowRow))
        attention.append(.windowRows(count))
        groupRows = min(count * windowRow, grid.count)
      }
      // Whole tiles of the products' kernels: 240 rows are tiles of 80 and of 48.
      let hiddenRows = rows(numbersPerRow: width + hidden) / Self.rowsMin * Self.rowsMin
      perceptron.append(min(all, hiddenRows))
      merging.append(min(all, rows(numbersPerRow: 4 * width)))
      inputs = max(
        inputs, groupRows * width, perceptron[stage] * width, merging[stage] * 2 * width)
      wide = max(wide, groupRows * 3 * width, perceptron[stage] * hidden)
    }
    self.attention = attention
    self.perceptron = perceptron
    self.merging = merging
    layerInputCount = max(inputs, batchMax * shape.finalWidth)
    wideCount = max(wide, shape.grid(ofStage: 0).count * shape.patchValues)
    neighbourCount = Self.gatheredRows * 2 * shape.finalWidth
  }
}
