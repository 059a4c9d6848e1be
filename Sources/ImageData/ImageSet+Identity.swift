import ContentHashing
import SparsityCore

extension ImageSet {
  /// Returns the SHA-256 of an image's pixels.
  package func pixelHash(at index: Int) -> ContentHash {
    withPixels(at: index) { ContentHash(of: $0) }
  }

  /// Returns the SHA-256 of each image's pixels.
  ///
  /// - Complexity: O(*n*), where *n* is the number of bytes of all images.
  package func pixelHashes(threads: Int) -> [ContentHash] {
    parallelMap(count: count, threads: threads) { pixelHash(at: $0) }
  }

  /// Returns the hash of the set's size, labels and pixels: equal for equal sets, packed or not.
  ///
  /// - Complexity: O(*n*), where *n* is the number of bytes of all images.
  package func contentHash(threads: Int) -> ContentHash {
    var hasher = ContentHasher()
    hasher.update("elsa-image-set-1")
    for number in [count, imageSize.height, imageSize.width, imageSize.channels] + labels {
      hasher.update(UInt64(number))
    }
    for hash in pixelHashes(threads: threads) { hasher.update(hash) }
    return hasher.finalized()
  }

  /// Returns the images that have the same pixels in both sets, as pairs of indices in the order
  /// of the first set.
  ///
  /// - Complexity: O(*n*), where *n* is the number of bytes of all images.
  package static func identicalImages(_ first: ImageSet, _ second: ImageSet, threads: Int)
    -> [(first: Int, second: Int)]
  {
    guard first.imageSize == second.imageSize else { return [] }
    let secondIndices = Dictionary(
      second.pixelHashes(threads: threads).enumerated().map { ($0.element, $0.offset) },
      uniquingKeysWith: { earlier, _ in earlier })
    return first.pixelHashes(threads: threads).enumerated().compactMap { index, hash in
      secondIndices[hash].map { (index, $0) }
    }
  }

  /// Returns disjoint random subsets of these sizes, the same for the same seed.
  ///
  /// Images keep their order within a subset.
  package func split(_ parts: [(name: String, count: Int)], seed: UInt64) throws(ImageDataError)
    -> [ImageSet]
  {
    precondition(parts.allSatisfy { $0.count >= 0 })
    let requested = parts.map(\.count).reduce(0, +)
    guard requested <= count else {
      throw .splitTooLarge(set: name, requested: requested, available: count)
    }
    var generator = SeededGenerator(seed: seed)
    var rest = generator.permutation(of: count)[...]
    return parts.map { part in
      defer { rest = rest.dropFirst(part.count) }
      return subset(rest.prefix(part.count).sorted(), name: "\(part.name) part of \(name)")
    }
  }
}
