import Pruning
import SparsityCore
import Testing

/// A layer of random weights and the statistics of random inputs that depend on each other.
private func example(
  outputs: Int, inputs: Int, seed: UInt64
) -> (weights: LayerMatrix, statistics: InputStatistics) {
  var generator = SeededGenerator(seed: seed)
  let weights = (0..<outputs * inputs).map { _ in generator.unitInterval() - 0.5 }
  var statistics = InputStatistics(inputs: inputs)
  for _ in 0..<3 * inputs {
    let common = generator.unitInterval()
    let row = (0..<inputs).map { _ in generator.unitInterval() - 0.5 + common }
    statistics.add(rows: row.span)
  }
  return (LayerMatrix(outputs: outputs, inputs: inputs, values: weights), statistics)
}

struct BlockPruningTests {
  @Test(arguments: [BlockSize(outputs: 4, inputs: 4), BlockSize(outputs: 3, inputs: 5)])
  func `a curve is the error of the weights pruned at each density`(size: BlockSize) {
    let (weights, statistics) = example(outputs: 10, inputs: 17, seed: 7)
    let pruning = BlockPruning(
      weights: weights, statistics: statistics, size: size, steps: 20)
    let errors = pruning.outputErrors
    #expect(errors.count == 21)
    for (step, error) in errors.enumerated() {
      let pruned = pruning.pruned(density: Double(step) / 20)
      let expected = outputError(of: pruned, original: weights, statistics: statistics)
      #expect(abs(error - expected) < 1e-9, "step \(step)")
    }
    #expect(abs(errors[0] - 1) < 1e-9)
    #expect(errors[20] == 0)
  }

  @Test func `whole blocks are pruned, the weakest outputs first`() {
    let (weights, statistics) = example(outputs: 8, inputs: 8, seed: 3)
    let size = BlockSize(outputs: 4, inputs: 2)
    let pruned = BlockPruning(weights: weights, statistics: statistics, size: size)
      .pruned(density: 0.5)
    var zeroBlocks: [Bool] = []
    var energies: [Double] = []
    for output in [0, 4] {
      for input in [0, 2, 4, 6] {
        let places = (output..<output + 4).flatMap { row in
          (input..<input + 2).map { row * 8 + $0 }
        }
        let zeros = places.count { pruned.values[$0] == 0 }
        #expect(zeros == 0 || zeros == 8)
        zeroBlocks.append(zeros == 8)
        var alone = LayerMatrix(
          outputs: 8, inputs: 8, values: Array(repeating: 0, count: 64))
        for place in places { alone.values[place] = weights.values[place] }
        let kept = LayerMatrix(
          outputs: 8, inputs: 8, values: zip(weights.values, alone.values).map { $0 - $1 })
        energies.append(outputError(of: kept, original: weights, statistics: statistics))
      }
    }
    #expect(zeroBlocks.count { $0 } == 4)
    let strongestPruned = zip(energies, zeroBlocks).filter { $0.1 }.map(\.0).max() ?? 0
    let weakestKept = zip(energies, zeroBlocks).filter { !$0.1 }.map(\.0).min() ?? 0
    #expect(strongestPruned <= weakestKept)
  }

  @Test func `weights without any input cost nothing at any density`() {
    let weights = LayerMatrix(outputs: 2, inputs: 2, values: [1, 2, 3, 4])
    let pruning = BlockPruning(
      weights: weights, statistics: InputStatistics(inputs: 2),
      size: BlockSize(outputs: 1, inputs: 1), steps: 4)
    #expect(pruning.outputErrors == [0, 0, 0, 0, 0])
  }

  @Test func `a block's size reads as it is written`() {
    #expect(BlockSize("16x32") == BlockSize(outputs: 16, inputs: 32))
    #expect("\(BlockSize(outputs: 16, inputs: 32))" == "16x32")
    for text in ["", "16", "16x", "0x4", "x4", "4x4x4", "-1x4", "4x5000"] {
      #expect(BlockSize(text) == nil, "\(text)")
    }
  }
}

struct DensityAllocationTests {
  @Test func `the layer that suffers less becomes sparser`() {
    let robust = (0...10).map { 0.1 * (1 - Double($0) / 10) }
    let fragile = (0...10).map { 1 - Double($0) / 10 }
    let steps = allocateDensity(0.5, curves: [robust, fragile], weightCounts: [100, 100])
    #expect(steps == [0, 10])
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `no other allocation of as many weights has less error`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    // Convex curves of three layers, four steps each: all allocations can be tried.
    let curves = (0..<3).map { _ in
      let drops = (0..<4).map { _ in generator.unitInterval() }.sorted(by: >)
      return (0...4).map { step in drops[step...].reduce(0, +) }
    }
    let density = Double(generator.index(below: 13)) / 12
    let steps = allocateDensity(density, curves: curves, weightCounts: [7, 7, 7])
    func error(_ steps: [Int]) -> Double { zip(curves, steps).reduce(0) { $0 + $1.0[$1.1] } }
    let kept = steps.reduce(0, +)
    #expect(kept == Int(density * 12 + 0.5))
    for code in 0..<125 {
      let other = [code % 5, code / 5 % 5, code / 25]
      guard other.reduce(0, +) == kept else { continue }
      #expect(error(steps) <= error(other) + 1e-12)
    }
  }

  @Test func `everything or nothing may be kept`() {
    let curve = [1.0, 0.5, 0]
    #expect(allocateDensity(0, curves: [curve, curve], weightCounts: [3, 5]) == [0, 0])
    #expect(allocateDensity(1, curves: [curve, curve], weightCounts: [3, 5]) == [2, 2])
  }
}
