import SparsityCore
import WireProtocol

/// What is remembered of a result for a while, to tell whether another worker finds the same.
struct ResultTrace: Hashable, Sendable {
  /// The worker that sent it first, for users.
  let label: String
  /// What the spot checks remember of it.
  let finding: SpotChecks.Finding
  private let key: ShardKey
  private let measurementDigest: UInt64
  private let costsDigest: UInt64

  /// Takes down a result.
  init(_ result: ShardResult, label: String, keyName: String) {
    self.label = label
    finding = SpotChecks.Finding(result, keyName: keyName)
    key = result.key
    measurementDigest = Self.digest(of: result.measurement)
    costsDigest = Self.digest(of: result.costs)
  }

  /// Whether another result of the same shard has the same bits and loss.
  func agrees(with result: ShardResult) -> Bool {
    key != result.key || measurementDigest == Self.digest(of: result.measurement)
  }

  /// Whether another result of the same shard has the same costs.
  func agreesOnCosts(with result: ShardResult) -> Bool {
    key != result.key || costsDigest == Self.digest(of: result.costs)
  }

  private static func digest(of measurement: ShardMeasurement) -> UInt64 {
    var hash = FNV1a()
    hash.mix(UInt64(measurement.correct.count))
    for byte in measurement.correct.bytes { hash.mix(UInt64(byte)) }
    hash.mix(measurement.summedLoss?.bitPattern ?? 0)
    return hash.value
  }

  private static func digest(of costs: [Int64]) -> UInt64 {
    var hash = FNV1a()
    for cost in costs { hash.mix(UInt64(bitPattern: cost)) }
    return hash.value
  }
}

/// The FNV-1a hash of some numbers.
///
/// Two honest results have equal bits and so equal hashes; 64 bits are enough to see that two
/// differ, and an attacker who wants a wrong result to pass need not be compared at all.
private struct FNV1a {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func mix(_ number: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      value = (value ^ (number >> shift & 0xff)) &* 0x100_0000_01b3
    }
  }
}
