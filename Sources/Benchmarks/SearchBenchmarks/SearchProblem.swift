import EvolutionarySearch
import SparsityCore

/// What searches are compared on: genomes whose accuracy is measured with noise and known without,
/// and whose cost is exact.
package protocol SearchProblem: Sendable {
  /// The images that accuracy is measured on.
  var imageCount: Int { get }
  /// The choices of each gene; the last one costs most.
  var choiceCounts: [Int] { get }
  /// Genomes of the best front that is known.
  var bestGenomes: [Genome] { get }
  /// Genomes by the rule of Erdős, Rényi and kernels, where layers have sizes; else none.
  var erkGenomes: [Genome] { get }

  /// Returns the accuracy without noise.
  func accuracy(of genome: Genome) -> Double
  /// Returns which images are right as measured, slice by slice, and their losses where there are
  /// some.
  func measure(_ genome: Genome) -> [SliceResult]
  /// Returns the cycles, to which genes add.
  func cycles(of genome: Genome) -> Int
}

extension SearchProblem {
  /// The genome of all last choices.
  package var dense: Genome { Genome(genes: choiceCounts.map { UInt8($0 - 1) }) }

  /// The genomes that make the same choice everywhere, as far as genes have it; dense comes first.
  package var uniformGenomes: [Genome] {
    (0..<(choiceCounts.max() ?? 1)).reversed().map { level in
      Genome(genes: choiceCounts.map { UInt8(min(level, $0 - 1)) })
    }
  }

  package var erkGenomes: [Genome] { [] }

  /// The images of each slice: about as many as a run's shards have by default.
  package var sliceSizes: [Int] {
    let count = max(1, (imageCount + 25) / 50)
    return (0..<count).map { imageCount * ($0 + 1) / count - imageCount * $0 / count }
  }

  /// Returns the images a second, in units of those of a clock of 1 GHz and a batch of 8.
  package func throughput(of genome: Genome) -> Double { 8e9 / Double(cycles(of: genome)) }
}

/// The problems by name.
package enum SearchProblemName: String, CaseIterable, Sendable {
  /// Fitted to single layers, pairs and random genomes of DeiT-Tiny.
  case deitTiny = "deit-tiny"
  /// The same layers with strong couplings of both signs.
  case coupled
  /// The same layers with none.
  case additive
  /// Half of the genes are good and cheap, half are good or cheap (``SeparableLandscape``).
  case onesZeros = "ones-zeros"
  /// A knapsack of several choices each (``SeparableLandscape``).
  case knapsack

  /// Returns the problem with so many genes, measured on so many images.
  package func problem(
    geneCount: Int, imageCount: Int, seed: UInt64
  ) -> any SearchProblem {
    switch self {
    case .deitTiny, .coupled, .additive:
      guard let kind = SearchLandscape.Kind(rawValue: rawValue) else {
        preconditionFailure("a landscape of DeiT-Tiny has a kind of its name")
      }
      return SearchLandscape(kind, geneCount: geneCount, imageCount: imageCount, seed: seed)
    case .onesZeros:
      return SeparableLandscape(onesZerosOf: geneCount, imageCount: imageCount, seed: seed)
    case .knapsack:
      return SeparableLandscape(knapsackOf: geneCount, imageCount: imageCount, seed: seed)
    }
  }
}
