import SparsityCore

/// Genomes to begin a search with, from what each layer alone loses at each level.
package enum SensitivitySeeds {
  /// Returns genomes that lose little output energy for the multiplications they save, from nearly
  /// dense to nearly sparsest; none if errors were not measured.
  ///
  /// From the densest genome on, the layer is thinned next whose error grows least for each
  /// multiplication saved.
  package static func genomes(
    outputErrors: [[Double]]?, space: SearchSpace, layers: [PrunableLayer], count: Int
  ) -> [Genome] {
    guard let outputErrors, outputErrors.count == layers.count, count > 0 else { return [] }
    // From densest to sparsest, layer by layer.
    let patterns = space.patterns(of: layers)
    let levels = patterns.map { patterns in
      patterns.indices.sorted { patterns[$0].density > patterns[$1].density }
    }
    func cost(_ layer: Int, _ step: Int) -> Double {
      let sizes = layers[layer]
      return Double(sizes.inputs * sizes.outputs) * patterns[layer][levels[layer][step]].density
    }
    let decisions = space.decisions(about: layers)
    func genes(_ steps: [Int]) -> [UInt8] {
      var genes = space.choiceCounts.map { UInt8($0 - 1) }
      for (layer, decision) in decisions.enumerated() {
        if let decision { genes[decision] = UInt8(levels[layer][steps[layer]]) }
      }
      return genes
    }
    var steps = [Int](repeating: 0, count: layers.count)
    var path: [(genes: [UInt8], cost: Double)] = []
    while true {
      path.append((genes(steps), steps.indices.reduce(0) { $0 + cost($1, steps[$1]) }))
      var best: (layer: Int, price: Double)?
      for layer in steps.indices where steps[layer] + 1 < levels[layer].count {
        let saved = cost(layer, steps[layer]) - cost(layer, steps[layer] + 1)
        guard saved > 0 else { continue }
        let (errors, own) = (outputErrors[layer], levels[layer])
        let price = (errors[own[steps[layer] + 1]] - errors[own[steps[layer]]]) / saved
        if best.map({ price < $0.price }) ?? true { best = (layer, price) }
      }
      guard let best else { break }
      steps[best.layer] += 1
    }
    guard let first = path.first, let last = path.last, first.cost > last.cost else { return [] }
    return (1...count).compactMap { index in
      let wanted = first.cost - (first.cost - last.cost) * Double(index) / Double(count + 1)
      return path.first { $0.cost <= wanted }.map { Genome(genes: $0.genes) }
    }
  }
}
