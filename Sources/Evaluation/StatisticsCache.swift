import ContentHashing
import Foundation
import ModelFiles
import Pruning
import SparsityCore

/// A folder that keeps what calibration images tell about a model's layers, so that other criteria
/// and patterns need not measure it again.
///
/// Each block of a model is a safetensors file named by the hash of all that its content depends
/// on; it holds `LAYER/gram` (F64, the upper triangle) for each layer, and the rows seen in the
/// metadata. Files that have not been used for longest go first when the folder grows too large.
/// A file that cannot be read is measured again, and one that cannot be written is done without.
package struct StatisticsCache: Sendable {
  /// The folder.
  package let path: String
  /// The bytes that the files may take together.
  package let sizeMax: Int
  /// Is told as text that statistics cannot be kept.
  let troubled: @Sendable (String) -> Void

  /// The usual limit, 4 GiB.
  package static let usualSizeMax = 4 << 30
  private static let format = "elsa-input-statistics-1"

  /// Names a folder; it is created when something is kept.
  ///
  /// - Parameter troubled: Is told as text that statistics cannot be kept, once for each use.
  package init(
    path: String, sizeMax: Int = usualSizeMax,
    troubled: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    precondition(sizeMax >= 0)
    self.path = path
    self.sizeMax = sizeMax
    self.troubled = troubled
  }

  /// Returns the statistics of some layers, or `nil` if the folder does not hold them all.
  func statistics(of layers: [PrunableLayer], key: ContentHash) -> [InputStatistics]? {
    let path = file(key)
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    do throws(FolderFault) {
      // What others can write would decide how the model is pruned.
      try PrivateFolder.check(self.path)
    } catch {
      troubled("calibration statistics are measured again: \(error)")
      return nil
    }
    guard
      let file = try? SafetensorsFile(path: path), file.metadata["format"] == Self.format,
      let rowCount = file.metadata["rows"].flatMap({ Int($0) })
    else { return nil }
    var found: [InputStatistics] = []
    for layer in layers {
      guard
        let triangle = try? file.doubles("\(layer.name)/gram").values,
        let statistics = InputStatistics(
          inputs: layer.inputs, rowCount: rowCount, upperTriangle: triangle)
      else { return nil }
      found.append(statistics)
    }
    // The time of the last use decides what goes first.
    try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: path)
    return found
  }

  /// Keeps the statistics of some layers, all of as many rows.
  ///
  /// - Returns: Whether they were kept.
  func keep(
    _ statistics: [InputStatistics], of layers: [PrunableLayer], key: ContentHash
  ) -> Bool {
    precondition(statistics.count == layers.count)
    guard let rowCount = statistics.first?.rowCount else { return true }
    precondition(statistics.allSatisfy { $0.rowCount == rowCount })
    let tensors = zip(layers, statistics).map { layer, own in
      let triangle = own.upperTriangle
      return NewTensor(
        name: "\(layer.name)/gram", elementType: .float64, shape: [triangle.count],
        bytes: littleEndianBytes(triangle.map(\.bitPattern)))
    }
    let metadata = ["format": Self.format, "rows": "\(rowCount)"]
    do {
      try PrivateFolder.create(path)
      try makeRoom(for: tensors.reduce(0) { $0 + $1.bytes.count })
      try writeSafetensors(tensors, metadata: metadata, to: file(key))
    } catch {
      troubled("calibration statistics cannot be kept in \(path): \(error)")
      return false
    }
    return true
  }

  private func file(_ key: ContentHash) -> String { "\(path)/\(key).safetensors" }

  /// Removes files, those unused for longest first, until another one fits.
  private func makeRoom(for size: Int) throws {
    let keys: Set<URLResourceKey> = [.fileSizeKey, .contentModificationDateKey]
    let files = try FileManager.default.contentsOfDirectory(
      at: URL(filePath: path), includingPropertiesForKeys: Array(keys)
    ).filter { $0.pathExtension == "safetensors" }.compactMap { file in
      // Another process may have removed it in between.
      (try? file.resourceValues(forKeys: keys)).map {
        (file, size: $0.fileSize ?? 0, usedAt: $0.contentModificationDate ?? .distantPast)
      }
    }.sorted { $0.usedAt < $1.usedAt }
    var total = files.reduce(size) { $0 + $1.size }
    for (file, size, _) in files where total > sizeMax {
      try FileManager.default.removeItem(at: file)
      total -= size
    }
  }
}
