import ContentHashing
import SparsityCore
import WireProtocol

/// Computes the keys of a run's shards.
///
/// A key is the hash of a fixed mark, the hashes of weight bank and data, the numerics, the
/// shuffle's seed, the genome's canonical text, and the slice.
package struct ShardKeys: Sendable {
  private let run: ContentHasher
  /// What each decision adds to the canonical text for each of its choices, as bytes.
  private let pieces: [[[UInt8]]]

  package init(description: RunDescription) {
    // Putting the text together from names took longer than all else of a restart.
    pieces = description.space.decisions.enumerated().map { place, decision in
      decision.choices.map { choice in
        Array(((place == 0 ? "" : ";") + "\(decision.name)=\(choice)").utf8)
      }
    }
    var hasher = ContentHasher()
    hasher.update("elsa shard 1")
    for content in [description.bank.content, description.data?.content] {
      if let content { hasher.update(content) } else { hasher.update("none") }
    }
    hasher.update(UInt64(description.imageCount))
    hasher.update(description.numerics.description)
    hasher.update(description.shuffleSeed)
    run = hasher
  }

  /// Returns the keys of a candidate's shards.
  ///
  /// - Precondition: the genome lies in the space.
  package func keys(of genome: Genome, slices: [ImageSlice]) -> [ShardKey] {
    precondition(genome.genes.count == pieces.count)
    var text: [UInt8] = []
    text.reserveCapacity(pieces.count * 24)
    for (levels, gene) in zip(pieces, genome.genes) { text += levels[Int(gene)] }
    var candidate = run
    candidate.update(UInt64(text.count))
    candidate.update(text.span)
    return slices.map { slice in
      var hasher = candidate
      hasher.update(UInt64(slice.start))
      hasher.update(UInt64(slice.count))
      return ShardKey(hasher.finalized())
    }
  }

  /// Returns the key of one shard.
  ///
  /// - Precondition: the genome lies in the space.
  package func key(of genome: Genome, slice: ImageSlice) -> ShardKey {
    keys(of: genome, slices: [slice])[0]
  }
}

extension RunDescription {
  /// Returns the images of the search set in the run's shuffled order; slices are taken of it.
  ///
  /// - Complexity: O(*n*) for *n* images; compute it once.
  package func shuffledImages() -> [Int] {
    var generator = SeededGenerator(seed: shuffleSeed)
    return generator.permutation(of: imageCount)
  }
}
