import EvolutionarySearch
import WireProtocol

extension SliceResult {
  /// Takes what a worker has measured.
  init(_ measurement: ShardMeasurement) {
    self.init(correct: measurement.correct, summedLoss: measurement.summedLoss)
  }
}
