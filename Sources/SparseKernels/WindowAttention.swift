import CSparseKernels
import SparsityCore

/// Some windows of a feature map, each of which attends to itself alone.
package struct AttentionWindows: Sendable {
  /// The number of windows.
  package let count: Int
  /// The tokens of a window.
  package let tokens: Int
  /// The rows that a map has at least: one more than the last row of a token.
  package let rowCount: Int
  fileprivate let rows: [Int32]
  fileprivate let zones: [Int32]

  /// Creates windows.
  ///
  /// - Parameters:
  ///   - tokens: The tokens of a window.
  ///   - rows: The row of each token, window after window; `nil` for a token that pads the map.
  ///   - zones: The zone of each token, or none: scores between two zones are lowered by 100.
  /// - Precondition: windows are whole, and rows fit 32 bits.
  package init(tokens: Int, rows: [Int?], zones: [Int]) {
    precondition(tokens > 0 && !rows.isEmpty)
    precondition(rows.count.isMultiple(of: tokens))
    precondition(zones.isEmpty || zones.count == rows.count)
    self.tokens = tokens
    count = rows.count / tokens
    rowCount = (rows.compactMap { $0 }.max() ?? -1) + 1
    precondition(rows.allSatisfy { $0.map { $0 >= 0 } ?? true })
    self.rows = rows.map { $0.map { Int32($0) } ?? -1 }
    let padded = csk_whole_vectors(tokens)
    var stored = [Int32](repeating: 0, count: zones.isEmpty ? 0 : count * padded)
    for (index, zone) in zones.enumerated() {
      stored[index / tokens * padded + index % tokens] = Int32(zone)
    }
    self.zones = stored
  }

  /// Lends the windows to a kernel.
  fileprivate func withWindows(
    _ bias: AttentionBias, _ body: (UnsafePointer<csk_windows>) -> Void
  ) {
    unsafe withStart(of: rows.span) { rows in
      unsafe withOptionalStart(of: zones.isEmpty ? nil : zones.span) { zones in
        unsafe withStart(of: bias.values.span) { bias in
          var windows = unsafe csk_windows(
            count: count, tokens: tokens, rows: rows, zones: zones, bias: bias)
          unsafe body(&windows)
        }
      }
    }
  }
}

/// What is added to the scores of each head of a window, in the form that kernels read.
package struct AttentionBias: Sendable {
  /// The heads.
  package let heads: Int
  /// The tokens of a window.
  package let tokens: Int
  fileprivate let values: [Float]

  /// Creates a bias.
  ///
  /// - Parameter value: Returns what is added to the score of a query and a key in a head.
  /// - Complexity: O(`heads` · `tokens`²).
  package init(heads: Int, tokens: Int, value: (_ head: Int, _ query: Int, _ key: Int) -> Float) {
    precondition(heads > 0 && tokens > 0)
    self.heads = heads
    self.tokens = tokens
    let padded = csk_whole_vectors(tokens)
    var values = [Float](repeating: Float(CSK_NO_TOKEN), count: heads * tokens * padded)
    for head in 0..<heads {
      for query in 0..<tokens {
        let start = (head * tokens + query) * padded
        for key in 0..<tokens { values[start + key] = value(head, query, key) * log2E }
      }
    }
    self.values = values
  }
}

/// log₂ e, by which scores are multiplied before they become powers of two.
private let log2E: Float = 1.442695041

/// Computes y = softmax(Q · Kᵀ · scale + bias + mask) · V of each head, window by window.
///
/// Rows of `queriesKeysValues` and `y` are as in the attention of an image; windows say which row
/// each of their tokens has. A token that pads is a key with the row `padding`, and has no result.
/// Rows of `y` that belong to no token keep their numbers.
///
/// - Precondition: `queriesKeysValues` has whole rows of 3 · width numbers, at least those of the
///   windows, and `y` as many of width; `padding` is one row; the bias is one of such windows;
///   `scale` is positive; `scratch` has at least ``AttentionShape/scratchCount`` of the windows;
///   the variant is supported.
/// - Complexity: O(windows · tokens² · width).
package func attend(
  _ queriesKeysValues: Span<Float>, windows: AttentionWindows, bias: AttentionBias,
  headWidth: Int, scale: Float, padding: Span<Float>, into y: inout MutableSpan<Float>,
  scratch: inout MutableSpan<Float>, variant: KernelVariant
) {
  let heads = bias.heads
  check(
    windows: windows, bias: bias, headWidth: headWidth, scale: scale, padding: padding.count,
    numbers: queriesKeysValues.count, results: y.count, scratch: scratch.count, variant: variant)
  let kernel = unsafe variant.kernels.pointee.f32_window_attention
  unsafe windows.withWindows(bias) { windows in
    unsafe withStart(of: queriesKeysValues) { source in
      unsafe withStart(of: padding) { padding in
        unsafe withStart(of: &y) { y in
          unsafe withStart(of: &scratch) { scratch in
            unsafe kernel(source, windows, heads, headWidth, scale, padding, y, scratch)
          }
        }
      }
    }
  }
}

/// Computes y = softmax(Q · Kᵀ · scale + bias + mask) · V of each head, window by window, in bf16.
///
/// As in fp32, but weights are rounded to bf16 before they multiply values, and results at the end.
///
/// - Precondition: as in fp32.
/// - Complexity: O(windows · tokens² · width).
package func attend(
  _ queriesKeysValues: Span<BF16>, windows: AttentionWindows, bias: AttentionBias,
  headWidth: Int, scale: Float, padding: Span<BF16>, into y: inout MutableSpan<BF16>,
  scratch: inout MutableSpan<Float>, variant: KernelVariant
) {
  let heads = bias.heads
  check(
    windows: windows, bias: bias, headWidth: headWidth, scale: scale, padding: padding.count,
    numbers: queriesKeysValues.count, results: y.count, scratch: scratch.count, variant: variant)
  let kernel = unsafe variant.kernels.pointee.bf16_window_attention
  unsafe windows.withWindows(bias) { windows in
    unsafe withNumbers(of: queriesKeysValues) { source in
      unsafe withNumbers(of: padding) { padding in
        unsafe withNumbers(of: &y) { y in
          unsafe withStart(of: &scratch) { scratch in
            unsafe kernel(source, windows, heads, headWidth, scale, padding, y, scratch)
          }
        }
      }
    }
  }
}

/// Traps unless the arguments of an attention in windows fit together.
private func check(
  windows: AttentionWindows, bias: AttentionBias, headWidth: Int, scale: Float, padding: Int,
  numbers: Int, results: Int, scratch: Int, variant: KernelVariant
) {
  let shape = AttentionShape(tokens: windows.tokens, heads: bias.heads, headWidth: headWidth)
  precondition(bias.tokens == windows.tokens)
  precondition(padding == 3 * shape.width)
  precondition(numbers == 3 * results)
  precondition(results.isMultiple(of: shape.width))
  precondition(windows.rowCount * shape.width <= results)
  precondition(scale > 0)
  precondition(scratch >= shape.scratchCount)
  precondition(variant.isSupported)
}
