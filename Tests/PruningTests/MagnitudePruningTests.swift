import Foundation
import Pruning
import SparsityCore
import Testing

/// Arrays of doubles of a safetensors file.
private struct GoldenFile {
  let arrays: [String: (shape: [Int], values: [Double])]

  init(named name: String) throws {
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/\(name)")
    let data = try Data(contentsOf: url)
    let headerSize = (0..<8).reduce(0) { $0 | Int(data[$1]) << (8 * $1) }
    let header = try #require(
      try JSONSerialization.jsonObject(with: data[8..<8 + headerSize]) as? [String: Any])
    var arrays: [String: (shape: [Int], values: [Double])] = [:]
    for (name, entry) in header where name != "__metadata__" {
      let fields = try #require(entry as? [String: Any])
      try #require(fields["dtype"] as? String == "F64")
      let offsets = try #require(fields["data_offsets"] as? [Int])
      let bytes = Array(data[8 + headerSize + offsets[0]..<8 + headerSize + offsets[1]])
      let values = stride(from: 0, to: bytes.count, by: 8).map { start in
        Double(
          bitPattern: (0..<8).reduce(0) { $0 | UInt64(bytes[start + $1]) << (8 * UInt64($1)) })
      }
      arrays[name] = (try #require(fields["shape"] as? [Int]), values)
    }
    self.arrays = arrays
  }
}

struct MagnitudePruningTests {
  @Test(arguments: ["1:4", "2:4", "4:8"])
  func `masks are those of the reference`(text: String) throws {
    let golden = try GoldenFile(named: "pruning_golden.safetensors")
    let pattern = try #require(NMPattern(text))
    let weight = try #require(golden.arrays["weight"])
    let expected = try #require(
      golden.arrays["magnitude_mask_\(pattern.kept)of\(pattern.groupSize)"])
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    let values = weight.values.map(Float.init)
    let mask = magnitudeMask(
      weights: values.span, outputs: outputs, inputs: inputs, pattern: pattern)
    #expect(mask == expected.values.map { $0 != 0 })
    let pruned = magnitudePruned(
      weights: values.span, outputs: outputs, inputs: inputs, pattern: pattern)
    #expect(pruned == zip(values, mask).map { $1 ? $0 : 0 })
  }

  @Test(arguments: [4, 8, 16], UInt64(0)..<10)
  func `groups keep their largest weights, and denser patterns keep more`(
    groupSize: Int, seed: UInt64
  ) throws {
    var generator = SeededGenerator(seed: seed, stream: UInt64(groupSize))
    let outputs = 1 + generator.index(below: 5)
    let inputs = 1 + generator.index(below: 70)
    // Few different magnitudes, so that ties are common.
    let weights = (0..<outputs * inputs).map { _ in Float(generator.index(below: 7) - 3) }
    var sparser = [Bool](repeating: false, count: weights.count)
    for kept in 1...groupSize {
      let pattern = try #require(NMPattern(kept: kept, groupSize: groupSize))
      let mask = magnitudeMask(
        weights: weights.span, outputs: outputs, inputs: inputs, pattern: pattern)
      for row in stride(from: 0, to: weights.count, by: inputs) {
        for start in stride(from: row, to: row + inputs, by: groupSize) {
          let group = start..<min(start + groupSize, row + inputs)
          // A stable sort by falling magnitude is the definition.
          let order = group.sorted {
            (abs(weights[$0]), $1) > (abs(weights[$1]), $0)
          }
          #expect(group.filter { mask[$0] } == order.prefix(kept).sorted())
        }
      }
      #expect(zip(sparser, mask).allSatisfy { !$0 || $1 })
      sparser = mask
    }
    #expect(sparser.allSatisfy { $0 })
  }

  @Test func `of equal weights the lower index is kept, and signs do not matter`() throws {
    let pattern = try #require(NMPattern(kept: 2, groupSize: 4))
    let weights: [Float] = [1, -1, 1, -1, -2, 1, 2, 2, 0, 0, 0]
    let pruned = magnitudePruned(
      weights: weights.span, outputs: 1, inputs: 11, pattern: pattern)
    #expect(pruned == [1, -1, 0, 0, -2, 0, 2, 0, 0, 0, 0])
    let mask = magnitudeMask(weights: weights.span, outputs: 1, inputs: 11, pattern: pattern)
    #expect(mask.suffix(3) == [true, true, false])
  }
}
