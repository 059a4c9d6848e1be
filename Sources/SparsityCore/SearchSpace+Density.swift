extension SearchSpace {
  /// Returns the share of the weights of some layers that a genome keeps.
  package func density(of genome: Genome, layers: [PrunableLayer]) -> Double {
    var kept = 0
    var total = 0
    for (layer, pattern) in zip(layers, patterns(of: layers, in: genome)) {
      kept += layer.outputs * pattern.keptCount(ofInputs: layer.inputs)
      total += layer.outputs * layer.inputs
    }
    return Double(kept) / Double(total)
  }
}
