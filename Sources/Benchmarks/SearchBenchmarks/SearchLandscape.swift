import EvolutionarySearch
import Foundation
import SparsityCore

/// A space of layer-wise patterns whose accuracy is known without measuring, and measured with the
/// noise of so many images: what a search is compared on.
package struct SearchLandscape: SearchProblem {
  /// What is known of a landscape beside its size.
  package enum Kind: String, CaseIterable, Sendable {
    /// Fitted to single layers, pairs and random genomes of DeiT-Tiny.
    case deitTiny = "deit-tiny"
    /// The same layers with strong couplings of both signs.
    case coupled
    /// The same layers with none.
    case additive
  }

  /// The images that accuracy is measured on.
  package let imageCount: Int
  /// The choices of each gene; the last is dense.
  package var choiceCounts: [Int] { effects.map { $0.count } }

  /// What each choice of each gene adds to the root of what is lost.
  let effects: [[Double]]
  /// Two genes, and by how much of the root of their effects' product more is lost together.
  private let couplings: [(first: Int, second: Int, strength: Double)]
  /// The cycles of each choice of each gene.
  let cycles: [[Int]]
  private let fixedCycles: Int
  private let seed: UInt64

  /// Creates a landscape.
  ///
  /// - Parameters:
  ///   - geneCount: 48, or 96 for layers of two kinds of DeiT-Tiny.
  ///   - seed: that of couplings and noise.
  package init(_ kind: Kind, geneCount: Int = 48, imageCount: Int = 450, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let layers = DeiTTinyTable.effects.count
    let copies = max(1, geneCount / layers)
    // Of more layers each loses less.
    let share = 1 / Double(copies)
    effects = (0..<geneCount).map { gene in
      DeiTTinyTable.effects[gene % layers].map { $0 * share } + [0]
    }
    cycles = (0..<geneCount).map { DeiTTinyTable.cycles[$0 % layers] }
    fixedCycles = DeiTTinyTable.fixedCycles * copies
    switch kind {
    case .deitTiny:
      couplings = (0..<copies).flatMap { copy in
        DeiTTinyTable.couplings.map { entry in
          (entry[0] + copy * layers, entry[1] + copy * layers, Double(entry[2]) / 1_000)
        }
      }
    case .coupled:
      couplings = (0..<geneCount).flatMap { gene in
        [(gene + 1) % geneCount, generator.index(below: geneCount)].filter { $0 != gene }.map {
          (gene, $0, 2 * generator.unitInterval() - 1)
        }
      }
    case .additive: couplings = []
    }
    self.imageCount = imageCount
    self.seed = generator.next()
  }

  /// Returns how much the mean loss rises above the dense model's, without noise.
  func rise(of genome: Genome) -> Double {
    min(pow(root(of: genome), DeiTTinyTable.degree), Self.riseMax)
  }

  /// Returns what the effects of a genome and their couplings add up to.
  func root(of genome: Genome) -> Double {
    var sum = 0.0
    for (gene, choice) in genome.genes.enumerated() { sum += effects[gene][Int(choice)] }
    for coupling in couplings {
      let first = effects[coupling.first][Int(genome.genes[coupling.first])]
      let second = effects[coupling.second][Int(genome.genes[coupling.second])]
      sum += coupling.strength * (first * second).squareRoot()
    }
    return max(0, sum)
  }

  /// The greatest rise: nothing is right any more.
  private static let riseMax = 6.5

  /// Returns the accuracy without noise.
  package func accuracy(of genome: Genome) -> Double {
    let rise = rise(of: genome)
    // What measurements of DeiT-Tiny give for the logarithm.
    return DeiTTinyTable.accuracy * exp(-rise * (0.2459 + 0.0036 * rise))
  }

  /// Returns the cycles of a genome for a batch of 8.
  package func cycles(of genome: Genome) -> Int {
    genome.genes.enumerated().reduce(fixedCycles) { $0 + cycles[$1.offset][Int($1.element)] }
  }

  /// Returns which images are right, and their losses, slice by slice, as they would be measured:
  /// images are harder or easier for all genomes, and genomes that differ little differ in few
  /// images.
  package func measure(_ genome: Genome) -> [SliceResult] {
    let rise = rise(of: genome)
    let accuracy = accuracy(of: genome)
    let pruned = genome.genes.enumerated().filter { Int($1) < effects[$0].count - 1 }
    let own = min(0.6, 0.45 * rise.squareRoot())
    let common = (1 - own * own).squareRoot()
    let spread = Double(max(1, pruned.count)).squareRoot()
    var hash = seed
    for gene in genome.genes { hash = hash &* 0x1000_0000_01B3 ^ UInt64(gene) }
    var image = 0
    return sliceSizes.enumerated().map { slice, size in
      var correct = BitVector(count: size)
      for place in 0..<size {
        var luck = common * Self.normal(seed, UInt64(image), 0)
        if own > 0 {
          var field = 0.0
          for (gene, choice) in pruned {
            field += Self.normal(seed, UInt64(image), UInt64(gene * 256 + Int(choice) + 1))
          }
          luck += own * field / spread
        }
        if 0.5 * erfc(-luck / 2.0.squareRoot()) < accuracy { correct[place] = true }
        image += 1
      }
      // An image's loss differs by about the square root of what is lost; and the images of a slice
      // are harder or easier for all genomes.
      let noise = (1.2 * rise / Double(size)).squareRoot() * Self.normal(hash, UInt64(slice), 2)
      let loss = DeiTTinyTable.meanLoss + rise + noise + difficulty(ofSlice: slice)
      return SliceResult(correct: correct, summedLoss: max(0.01, loss) * Double(size))
    }
  }

  /// Returns by how much the dense model's mean loss on a slice differs from that on all images.
  private func difficulty(ofSlice slice: Int) -> Double {
    let sizes = sliceSizes
    let all = sizes.indices.map { Self.normal(seed, UInt64($0), 3) }
    let mean = zip(all, sizes).reduce(0) { $0 + $1.0 * Double($1.1) } / Double(imageCount)
    return (all[slice] - mean) / Double(sizes[slice]).squareRoot()
  }

  /// Returns a nearly normal number that belongs to three others.
  private static func normal(_ first: UInt64, _ second: UInt64, _ third: UInt64) -> Double {
    var mixed = first ^ second &* 0x9E37_79B9_7F4A_7C15 ^ third &* 0xD1B5_4A32_D192_ED03
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    mixed ^= mixed >> 31
    // The sum of four uniform numbers of 16 bits has a variance of a third.
    let sum = (0..<4).reduce(0.0) { $0 + Double((mixed >> (16 * UInt64($1))) & 0xFFFF) / 65_536 }
    return (sum - 2) * 3.0.squareRoot()
  }

  package var bestGenomes: [Genome] { BestFront(self).genomes }

  /// The inputs and outputs of the layers of a block of DeiT-Tiny.
  private static let layerSizes = [(192, 576), (192, 192), (192, 768), (768, 192)]

  /// Densities in proportion to (inputs + outputs) ÷ (inputs · outputs), at most 1, each rounded
  /// to the nearest pattern, for forty scales.
  package var erkGenomes: [Genome] {
    var found: [Genome] = []
    for step in stride(from: 80, through: 1, by: -2) {
      let genome = Genome(
        genes: choiceCounts.indices.map { gene in
          let (inputs, outputs) = Self.layerSizes[gene % Self.layerSizes.count]
          let density = Double(2 * step * (inputs + outputs)) / Double(inputs * outputs)
          return UInt8(max(0, min(3, Int((4 * min(1, density)).rounded()) - 1)))
        })
      if !found.contains(genome) { found.append(genome) }
    }
    return found
  }
}
