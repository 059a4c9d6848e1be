import SparsityCore
import Testing
import WireProtocol

struct RunSnapshotTests {
  /// A snapshot with every field set to something else than its default.
  static var sample: RunSnapshot {
    let individual = StoredIndividual(
      candidate: CandidateID(2), genome: Genome(genes: [1, 0, 2]), objectives: [-0.75, 1e9],
      violation: -0.5)
    return RunSnapshot(
      recordCount: 4_711,
      opening: RunOpening(term: Term(3), description: Samples.description, settings: "fixed"),
      proposalCount: 5, evaluationCount: 2, quarantinedCount: 1, savedImageCount: 77,
      archive: [individual],
      waiting: [StoredProposal(candidate: CandidateID(4), genome: Genome(genes: [2, 2, 2]))],
      knownCodes: (0..<5 * 16).map { UInt8($0) }, algorithmState: [1, 2, 255],
      done: [
        StoredShard(
          shard: ShardID(candidate: CandidateID(4), slice: 1),
          measurement: ShardMeasurement(correct: BitVector(count: 17), summedLoss: nil),
          keyName: "node07")
      ],
      completed: [CandidateID(4)], quarantined: [CandidateID(1)], shardCount: 99,
      paceSamples: [1, 20, 300], paceNext: 2,
      plans: [
        StoredPlan(
          candidate: CandidateID(4), sliceCount: 2,
          stop: StoredPlan.Stop(imageCount: 34, accuracy: 0.25, meanLoss: 1.5))
      ])
  }

  @Test func `a snapshot comes back as it was written`() throws {
    let bytes = Self.sample.encoded()
    #expect(try RunSnapshot(decoding: bytes) == Self.sample)
    #expect(bytes == Self.sample.encoded())
  }

  @Test func `every change of one byte is decoded or refused`() throws {
    let bytes = Self.sample.encoded()
    for index in bytes.indices {
      for value in UInt8.min...UInt8.max where value != bytes[index] {
        var spoilt = bytes
        spoilt[index] = value
        guard let decoded = try? RunSnapshot(decoding: spoilt) else { continue }
        #expect(try RunSnapshot(decoding: decoded.encoded()) == decoded)
      }
    }
  }

  @Test func `every beginning of a snapshot is decoded or refused`() {
    let bytes = Self.sample.encoded()
    for count in 0..<bytes.count {
      #expect((try? RunSnapshot(decoding: Array(bytes.prefix(count)))) != Self.sample)
    }
  }

  /// Values beyond what a snapshot may hold.
  private static let excesses: [@Sendable (inout RunSnapshot) -> Void] = [
    { $0.recordCount = 0 }, { $0.recordCount = .max }, { $0.proposalCount = 10_000_001 },
    { $0.knownCodes.removeLast() }, { $0.archive[0].objectives = [] },
    { $0.archive[0].objectives = [.infinity] }, { $0.archive[0].violation = .nan },
    { $0.archive[0].genome = Genome(genes: []) },
    { $0.paceSamples = Array(repeating: 1, count: 5_000) }, { $0.paceNext = 100_000 },
    { $0.plans[0].sliceCount = 0 }, { $0.plans[0].stop?.accuracy = 1.5 },
    { $0.plans[0].stop?.imageCount = 0 },
  ]

  @Test(arguments: excesses.indices)
  func `what is beyond the limits is refused`(index: Int) throws {
    var snapshot = Self.sample
    Self.excesses[index](&snapshot)
    #expect(throws: WireError.self) { try RunSnapshot(decoding: snapshot.encoded()) }
  }
}
