/// The decisions that a search makes, each with its own choices.
package struct SearchSpace: Hashable, Sendable {
  /// The decisions: those about layers in network order.
  package let decisions: [Decision]

  /// Creates a search space.
  ///
  /// - Precondition: as many decisions as ``RunLimits/geneRange`` allows, no name twice.
  package init(decisions: [Decision]) {
    precondition(RunLimits.geneRange.contains(decisions.count))
    precondition(Set(decisions.map(\.name)).count == decisions.count)
    self.decisions = decisions
  }

  /// Creates a search space in which each of some layers takes one of the same patterns.
  ///
  /// - Precondition: at least one layer and one pattern, none twice.
  package init(layers: [PrunableLayer], patterns: [NMPattern]) {
    let choices = patterns.map { Choice.pattern($0) }
    self.init(decisions: layers.map { Decision(name: $0.name, choices: choices) })
  }

  /// The number of choices of each gene.
  package var choiceCounts: [Int] { decisions.map(\.choices.count) }

  /// Whether `genome` has one known choice for each decision.
  package func contains(_ genome: Genome) -> Bool {
    genome.genes.count == decisions.count
      && zip(genome.genes, decisions).allSatisfy { $0 < $1.choices.count }
  }

  /// Returns what `genome` chooses.
  ///
  /// - Precondition: ``contains(_:)``.
  package func choices(of genome: Genome) -> [Choice] {
    precondition(contains(genome))
    return zip(genome.genes, decisions).map { $1.choices[Int($0)] }
  }

  /// Returns the genome that makes `choices`, or `nil` if one of them is none of its decision's.
  package func genome(choosing choices: [Choice]) -> Genome? {
    guard choices.count == decisions.count else { return nil }
    var genes: [UInt8] = []
    for (decision, choice) in zip(decisions, choices) {
      guard let index = decision.choices.firstIndex(of: choice) else { return nil }
      genes.append(UInt8(index))
    }
    return Genome(genes: genes)
  }

  /// Returns the text that names `genome` whatever else could be chosen, as in
  /// `blocks.0.attn.qkv=2:4;blocks.0.attn.proj=4:4`.
  ///
  /// Content hashes are taken of it, so its form is fixed.
  package func canonicalText(of genome: Genome) -> String {
    zip(decisions, choices(of: genome)).map { "\($0.name)=\($1)" }.joined(separator: ";")
  }

  /// The genomes that choose the same wherever they can, from what computes most to what computes
  /// least: the first one is the densest of all, or takes the last choice of every list.
  ///
  /// A decision without a pattern takes the next one that computes less, or its least; of shorter
  /// lists the first choice.
  package var uniformGenomes: [Genome] {
    var genomes: [Genome] = []
    func append(_ choose: (Decision) -> Int?) {
      let genome = Genome(genes: decisions.map { UInt8(choose($0) ?? 0) })
      if !genomes.contains(genome) { genomes.append(genome) }
    }
    let patterns = Set(decisions.flatMap(\.patterns)).sorted()
    let listed = decisions.filter { !$0.kind.isOrdered }.map(\.choices.count).max() ?? 0
    for step in 0..<max(patterns.count, listed) {
      append { decision in
        guard decision.kind.isOrdered else { return max(0, decision.choices.count - 1 - step) }
        guard step < patterns.count else { return 0 }
        let pattern = patterns[patterns.count - 1 - step]
        return decision.patterns.lastIndex { $0 <= pattern }
      }
    }
    return genomes
  }
}

// MARK: - Weights

extension SearchSpace {
  /// Returns the genome that is the dense model: the densest choices, if they leave all weights of
  /// some layers; the last of every list. `nil` if the space does not hold it.
  package func denseGenome(of layers: [PrunableLayer]) -> Genome? {
    let densest = uniformGenomes[0]
    return patterns(of: layers, in: densest).allSatisfy(\.isDense) ? densest : nil
  }

  /// Returns the place of the decision about each of some layers' weights, `nil` where none is.
  ///
  /// - Complexity: O(layers + decisions).
  package func decisions(about layers: [PrunableLayer]) -> [Int?] {
    var places: [String: Int] = [:]
    for (place, decision) in decisions.enumerated() where decision.kind == .pattern {
      places[decision.name] = place
    }
    return layers.map { places[$0.name] }
  }

  /// Returns the patterns that the weights of each of some layers may take, from sparsest to
  /// densest; where nothing is decided, only the dense one.
  package func patterns(of layers: [PrunableLayer]) -> [[NMPattern]] {
    decisions(about: layers).map { $0.map { decisions[$0].patterns } ?? [.dense] }
  }

  /// Returns the pattern that each of some layers' weights take; dense where nothing is decided.
  ///
  /// - Precondition: ``contains(_:)``.
  package func patterns(of layers: [PrunableLayer], in genome: Genome) -> [NMPattern] {
    let choices = choices(of: genome)
    return decisions(about: layers).map { $0.flatMap { choices[$0].pattern } ?? .dense }
  }
}
