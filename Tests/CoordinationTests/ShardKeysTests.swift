import Coordination
import SparsityCore
import Testing
import TestSupport
import WireProtocol

struct ShardKeysTests {
  @Test func `everything that changes a result changes the key`() throws {
    let run = try TestRun()
    let description = run.settings.description
    let genome = run.genome(of: CandidateID(0))
    let slice = description.slices[0]
    func key(
      _ change: (inout RunDescription) -> Void = { _ in }, genome: Genome? = nil,
      slice: ImageSlice? = nil
    ) -> ShardKey {
      var changed = description
      change(&changed)
      return ShardKeys(description: changed)
        .key(of: genome ?? run.genome(of: CandidateID(0)), slice: slice ?? description.slices[0])
    }
    let other = ContentHash(repeating: 99)
    let keys = [
      key(), key(genome: run.genome(of: CandidateID(1))), key(slice: description.slices[1]),
      key(slice: ImageSlice(start: slice.start, count: 1)), key { $0.bank = .derived(other) },
      key { $0.data = RunInput(path: "data", content: other) }, key { $0.shuffleSeed = 2 },
      key { $0.imageCount = 5 },
      key {
        $0.numerics = ExampleBackend.numerics(.avx512, .f32)
      },
    ]
    #expect(Set(keys).count == keys.count)
    #expect(key() == run.key(of: ShardID(candidate: CandidateID(0), slice: 0)))
    #expect(key { $0.model = RunInput(path: "moved", content: other) } == key(genome: genome))
  }

  @Test func `keys stay the same from version to version`() throws {
    // A changed key makes every journal worthless: change it on purpose or not at all.
    let run = try TestRun()
    let key = run.key(of: ShardID(candidate: CandidateID(0), slice: 1))
    #expect(
      key.hash.description
        == "733edfbe982804bfbc11053932dbbb9c519a9fa2e361eec2f1337ba7cd900a64")
  }

  @Test func `the shuffle is a permutation that the seed decides`() throws {
    var description = try TestRun().settings.description
    description.imageCount = 100
    let order = description.shuffledImages()
    #expect(order.sorted() == Array(0..<100))
    #expect(order != Array(0..<100))
    #expect(order == description.shuffledImages())
    description.shuffleSeed += 1
    #expect(order != description.shuffledImages())
  }
}
