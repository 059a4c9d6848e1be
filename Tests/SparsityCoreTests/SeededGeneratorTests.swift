import SparsityCore
import Testing

struct SeededGeneratorTests {
  @Test func `the sequence of a seed is that of SplitMix64`() {
    var generator = SeededGenerator(seed: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
    ]
    #expect(expected.map { _ in generator.next() } == expected)
  }

  @Test func `streams of one seed differ`() {
    let first = (UInt64(0)..<100).map { stream in
      var generator = SeededGenerator(seed: 5, stream: stream)
      return generator.next()
    }
    #expect(Set(first).count == 100)
  }

  @Test(arguments: [1, 2, 7, 1000]) func `a permutation holds every number once`(count: Int) {
    var generator = SeededGenerator(seed: UInt64(count))
    #expect(generator.permutation(of: count).sorted() == Array(0..<count))
  }

  @Test func `indices are spread evenly`() {
    var generator = SeededGenerator(seed: 9)
    var counts = [Int](repeating: 0, count: 6)
    for _ in 0..<60_000 { counts[generator.index(below: 6)] += 1 }
    // Six standard deviations of a binomial count are 6·√(60000·5/36) < 550.
    #expect(counts.allSatisfy { abs($0 - 10_000) < 550 })
  }
}
