/// Consecutive places of the shuffled search set: the images of one shard.
package struct ImageSlice: Hashable, Sendable {
  /// The first place.
  package let start: Int
  /// The number of images.
  package let count: Int

  package init(start: Int, count: Int) {
    precondition(start >= 0)
    precondition(count > 0)
    self.start = start
    self.count = count
  }

  /// The places of the slice.
  package var range: Range<Int> { start..<(start + count) }

  /// Returns the slices that `imageCount` images fall into; the last may be smaller.
  package static func slices(imageCount: Int, shardSize: Int) -> [ImageSlice] {
    precondition(imageCount > 0)
    precondition(shardSize > 0)
    return stride(from: 0, to: imageCount, by: shardSize).map { start in
      ImageSlice(start: start, count: min(shardSize, imageCount - start))
    }
  }
}

extension ImageSlice: CustomStringConvertible {
  /// First and last place, as in `250…499`.
  package var description: String { "\(start)…\(start + count - 1)" }
}
