import AcceleratorModel
import SparsityCore

/// The choices of each layer that a search needs: those that no denser pattern makes needless.
struct NeededChoices {
  /// The levels of each layer that remain, from sparsest to densest.
  let allowed: [[UInt8]]
  /// The number of choices that are left out.
  let droppedCount: Int
  /// What is left out, for people.
  let words: String

  private let dominating: [[Int?]]

  /// Compares the levels of each layer.
  init(costs: CostModel, criteria: CostCriteria) {
    dominating = costs.dominatingLevels(criteria)
    allowed = dominating.map { levels in
      levels.indices.filter { levels[$0] == nil }.map { UInt8($0) }
    }
    let total = dominating.reduce(0) { $0 + $1.count }
    droppedCount = total - allowed.reduce(0) { $0 + $1.count }
    let dropped = zip(costs.space.layers, dominating).compactMap { layer, levels -> String? in
      let patterns = levels.indices.filter { levels[$0] != nil }
        .map { costs.space.patterns[$0].description }
      return patterns.isEmpty ? nil : "\(layer.name) \(patterns.joined(separator: " "))"
    }
    let shown = dropped.prefix(4).joined(separator: ", ") + (dropped.count > 4 ? ", …" : "")
    words =
      "left out \(droppedCount) of \(counted(total, "choice")), for which a denser pattern costs "
      + "no more on \(costs.profile.name): \(shown) (search.dropDominated: false keeps them)"
  }

  /// Returns genomes with the denser pattern in place of each needless one, each genome once.
  func replacing(in genomes: [Genome]) -> [Genome] {
    var replaced: [Genome] = []
    for genome in genomes {
      let genes = zip(genome.genes, dominating).map { gene, levels in
        levels[Int(gene)].map { UInt8($0) } ?? gene
      }
      if !replaced.contains(Genome(genes: genes)) { replaced.append(Genome(genes: genes)) }
    }
    return replaced
  }
}
