import SparsityCore

/// What ELSA keeps of every choice of every gene: the mean accuracy of the candidates that made it,
/// how many they were, and whether it may still be made.
package struct ChoiceStatistics: Hashable, Sendable {
  /// The mean accuracy by gene and choice; of a choice that was never made it means nothing.
  package private(set) var means: [[Double]]
  /// The candidates that made each choice.
  package private(set) var visits: [[Int]]
  /// Whether each choice may be made.
  package private(set) var isKept: [[Bool]]

  /// The visits before a choice may be filtered.
  package static let confidentVisitCount = 5

  /// Knows nothing yet.
  package init(choiceCounts: [Int]) {
    means = choiceCounts.map { Array(repeating: 0, count: $0) }
    visits = choiceCounts.map { Array(repeating: 0, count: $0) }
    isKept = choiceCounts.map { Array(repeating: true, count: $0) }
  }

  /// Takes the accuracy of a compact genome, then filters the choices of it whose mean is below a
  /// threshold; the last choice that a gene has stays.
  package mutating func add(_ genome: Genome, accuracy: Double, threshold: Double?) {
    for (gene, choice) in genome.genes.enumerated() {
      let choice = Int(choice)
      let count = Double(visits[gene][choice])
      means[gene][choice] = (accuracy + means[gene][choice] * count) / (count + 1)
      visits[gene][choice] += 1
      guard let threshold, visits[gene][choice] >= Self.confidentVisitCount,
        means[gene][choice] < threshold, isKept[gene].count(where: { $0 }) > 1
      else { continue }
      isKept[gene][choice] = false
    }
  }

  /// Returns how likely each choice of a gene is in a new gene: in proportion to how far its mean
  /// accuracy is above the least of the gene.
  ///
  /// ELSA divides means by their sum, so that 79.5, 81.7 and 81.8 give 0.327, 0.336 and 0.337: no
  /// difference at all. So the least mean is taken off, less an equal part of the range that leaves
  /// the last choice a chance. A choice that was never made counts as the best.
  package func probabilities(ofGene gene: Int) -> [Double] {
    let visited = means[gene].indices.filter { visits[gene][$0] > 0 }.map { means[gene][$0] }
    let (least, most) = (visited.min() ?? 0, visited.max() ?? 0)
    let margin = most > least ? (most - least) / Double(means[gene].count) : 1
    let weights = means[gene].indices.map { choice in
      guard isKept[gene][choice] else { return 0.0 }
      return (visits[gene][choice] > 0 ? means[gene][choice] : most) - least + margin
    }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  /// Returns the opposite of ``probabilities(ofGene:)``, of the choices that may be made.
  package func inverseProbabilities(ofGene gene: Int) -> [Double] {
    let probabilities = probabilities(ofGene: gene)
    guard isKept[gene].count(where: { $0 }) > 1 else { return probabilities }
    let rests = zip(probabilities, isKept[gene]).map { $1 ? 1 - $0 : 0 }
    let sum = rests.reduce(0, +)
    return rests.map { $0 / sum }
  }
}

// MARK: State

extension ChoiceStatistics {
  /// Adds the statistics to the state of an algorithm.
  func write(to writer: inout StateWriter) {
    for gene in means.indices {
      for choice in means[gene].indices {
        writer.append(means[gene][choice].bitPattern)
        writer.append(UInt64(visits[gene][choice]))
        writer.append(isKept[gene][choice] ? 1 : 0)
      }
    }
  }

  /// Reads the statistics of genes with so many choices.
  ///
  /// - Throws: ``SearchError/stateDoesNotFit(diagnostic:)``.
  init(choiceCounts: [Int], reading reader: inout StateReader) throws(SearchError) {
    self.init(choiceCounts: choiceCounts)
    for gene in means.indices {
      for choice in means[gene].indices {
        means[gene][choice] = try reader.finite()
        visits[gene][choice] = try reader.count()
        isKept[gene][choice] = try reader.number() != 0
      }
      guard isKept[gene].contains(true) else {
        throw .stateDoesNotFit(diagnostic: "of the algorithm, gene \(gene) has no choice left")
      }
    }
  }
}

extension SeededGenerator {
  /// Returns an index, each with a chance in proportion to its weight, of which one at least is
  /// positive.
  mutating func index(weights: [Double]) -> Int {
    var position = unitInterval() * weights.reduce(0, +)
    for (index, weight) in weights.enumerated() where weight > 0 {
      position -= weight
      if position < 0 { return index }
    }
    // What rounding leaves over.
    return weights.lastIndex { $0 > 0 } ?? weights.count - 1
  }
}
