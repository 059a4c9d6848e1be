import AcceleratorModel
import Foundation
import NetworkArchitectures
import RunPreparation
import SparsityCore
import Synchronization
import Testing

/// A network of two blocks, each with four layers to prune.
func smallNetwork() throws -> Network {
  try TransformerShape(
    imageSize: 32, patchSize: 8, channels: 3, width: 96, depth: 2, heads: 3, hiddenWidth: 384,
    classes: 10
  ).network
}

/// The costs of the small network, all layers of which may take `patterns`.
func costs(
  _ patterns: [String], on profile: AcceleratorProfile = .systolic32
) throws -> GenomeCosts {
  let network = try smallNetwork()
  let patterns = try patterns.map { try #require(NMPattern($0)) }
  return try CostModel(
    network: network, space: SearchSpace(layers: network.prunableLayers, patterns: patterns),
    profile: profile, batch: 1
  ).costs
}

/// Remembers what an observer is told.
final class Listener: Sendable {
  private let told = Mutex<[String]>([])

  var lines: [String] { told.withLock { $0 } }

  var observer: WorkObserver {
    var observer = WorkObserver()
    observer.notified = { [self] text in told.withLock { $0.append("notification \(text)") } }
    observer.began = { [self] work in told.withLock { $0.append("begin \(work ?? "")") } }
    observer.progressed = { [self] done, total, unit in
      told.withLock { $0.append("\(done)/\(total) \(unit)") }
    }
    observer.ended = { [self] in told.withLock { $0.append("end") } }
    return observer
  }
}
