import AcceleratorModel
import SparsityCore

/// The choices of each decision that a search needs: those that no denser pattern makes needless.
package struct NeededChoices {
  /// The choices of each decision that remain, from what computes least on.
  package let allowed: [[UInt8]]
  /// The number of choices that are left out.
  package let droppedCount: Int
  /// What is left out, for users.
  package let diagnostic: String

  private let dominating: [[Int?]]

  /// Compares the choices of each decision.
  package init(costs: GenomeCosts, criteria: CostCriteria) {
    dominating = costs.dominatingChoices(criteria)
    allowed = dominating.map { choices in
      choices.indices.filter { choices[$0] == nil }.map { UInt8($0) }
    }
    let total = dominating.reduce(0) { $0 + $1.count }
    droppedCount = total - allowed.reduce(0) { $0 + $1.count }
    let dropped = zip(costs.space.decisions, dominating).compactMap { decision, own -> String? in
      let choices = own.indices.filter { own[$0] != nil }
        .map { decision.choices[$0].description }
      return choices.isEmpty ? nil : "\(decision.name) \(choices.joined(separator: " "))"
    }
    let shown = dropped.prefix(4).joined(separator: ", ") + (dropped.count > 4 ? ", …" : "")
    diagnostic =
      "left out \(droppedCount) of \(counted(total, "choice")), for which a denser pattern costs "
      + "no more on \(costs.sources): \(shown) (search.dropDominated: false keeps them)"
  }

  /// Returns genomes with the denser pattern in place of each needless one, each genome once.
  package func replacing(in genomes: [Genome]) -> [Genome] {
    var replaced: [Genome] = []
    for genome in genomes {
      let genes = zip(genome.genes, dominating).map { gene, choices in
        choices[Int(gene)].map { UInt8($0) } ?? gene
      }
      if !replaced.contains(Genome(genes: genes)) { replaced.append(Genome(genes: genes)) }
    }
    return replaced
  }
}
