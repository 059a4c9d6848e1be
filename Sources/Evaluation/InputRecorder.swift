import Pruning

/// Gathers the inputs that a forward pass shows, and sums their products some hundred rows at a
/// time: many rows at once are summed faster.
final class InputRecorder {
  /// What was summed so far, for each layer.
  private(set) var statistics: [InputStatistics]
  /// Whether what is recorded is what rows would be behind dense layers, instead of the rows.
  var isRecordingTargets = false

  private var rows: [[Double]]
  private var denseRows: [[Double]]

  /// How far a row's target leans from what it is to what it would be behind dense layers.
  ///
  /// At zero errors of earlier layers are never made up for, at one they are overfitted.
  private static let targetLean = 0.3

  /// Creates a recorder of layers with some numbers of inputs.
  init(inputs: [Int], hasTargets: Bool) {
    statistics = inputs.map { InputStatistics(inputs: $0, hasTargets: hasTargets) }
    rows = Array(repeating: [], count: inputs.count)
    denseRows = rows
  }

  /// Keeps rows of a layer's inputs.
  func record(_ inputs: Span<Float>, at place: Int) {
    if isRecordingTargets {
      Self.append(inputs, to: &denseRows[place])
    } else {
      Self.append(inputs, to: &rows[place])
    }
  }

  /// Sums the products of what is kept, if it is enough.
  func add(ifAtLeast rowCount: Int) {
    for place in statistics.indices where isEnough(rows[place].count, at: place, rowCount) {
      var own: [Double] = []
      var targets: [Double] = []
      swap(&own, &rows[place])
      swap(&targets, &denseRows[place])
      if targets.isEmpty {
        statistics[place].add(rows: own.span)
      } else {
        Self.lean(&targets, from: own.span)
        statistics[place].add(rows: own.span, targets: targets.span)
      }
      // Their memory serves the next rows.
      own.removeAll(keepingCapacity: true)
      targets.removeAll(keepingCapacity: true)
      swap(&own, &rows[place])
      swap(&targets, &denseRows[place])
    }
  }

  private func isEnough(_ count: Int, at place: Int, _ rowCount: Int) -> Bool {
    count >= rowCount * statistics[place].inputs
  }

  /// Adds numbers behind others.
  private static func append(_ inputs: Span<Float>, to rows: inout [Double]) {
    for index in inputs.indices { rows.append(Double(inputs[index])) }
  }

  /// Makes dense rows the targets of others.
  private static func lean(_ dense: inout [Double], from rows: Span<Double>) {
    precondition(dense.count == rows.count)
    var targets = dense.mutableSpan
    for index in rows.indices {
      targets[index] = rows[index] + targetLean * (targets[index] - rows[index])
    }
  }
}
