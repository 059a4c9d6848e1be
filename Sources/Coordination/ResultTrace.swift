import SparsityCore
import WireProtocol

/// What is remembered of a result for a while, to tell whether another worker finds the same.
struct ResultTrace: Hashable, Sendable {
  /// The worker that sent it first, for people.
  let label: String
  private let key: ShardKey
  private let digest: UInt64

  /// Takes down a result.
  init(_ result: ShardResult, label: String) {
    self.label = label
    key = result.key
    digest = Self.digest(of: result)
  }

  /// Whether another result of the same shard has the same bits, loss and costs.
  func agrees(with result: ShardResult) -> Bool {
    key != result.key || digest == Self.digest(of: result)
  }

  /// The FNV-1a hash of everything that equal evaluations have equal.
  ///
  /// Two honest results have equal bits and so equal hashes; 64 bits are enough to see that two
  /// differ, and an attacker who wants a wrong result to pass need not be compared at all.
  private static func digest(of result: ShardResult) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func mix(_ number: UInt64) {
      for shift in stride(from: UInt64(0), to: 64, by: 8) {
        hash = (hash ^ (number >> shift & 0xff)) &* 0x100_0000_01b3
      }
    }
    mix(UInt64(result.measurement.correct.count))
    for byte in result.measurement.correct.bytes { mix(UInt64(byte)) }
    mix(result.measurement.summedLoss.bitPattern)
    for cost in result.costs { mix(UInt64(bitPattern: cost)) }
    return hash
  }
}
