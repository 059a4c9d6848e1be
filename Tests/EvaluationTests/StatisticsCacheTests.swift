import Evaluation
import Foundation
import ImageData
import Pruning
import SparsityCore
import Synchronization
import Testing
import TestSupport

/// Some images of the digits' training split.
private func calibrationDigits(_ count: Int = 12) throws -> ImageSet {
  let path = "\(Checkout.fixtures)/digits/train.safetensors"
  return try ImageSet(packedFile: path).subset(Array(0..<count))
}

private func files(of folder: TemporaryFolder) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
}

struct StatisticsCacheTests {
  private let model: LoadedModel
  private let space: SearchSpace
  private let images: ImageSet

  init() throws {
    model = try digitsModel()
    space = model.searchSpace(patterns: try patterns("2:4", "4:4"))
    images = try calibrationDigits()
  }

  /// Builds a bank and returns its hash.
  private func hash(
    _ criterion: PruningCriterion, of images: ImageSet? = nil, cache: StatisticsCache?
  ) throws -> ContentHash {
    try model.calibratedBank(
      space: space, criterion: criterion, images: images ?? self.images, cache: cache, threads: 2
    ).contentHash
  }

  @Test func `what is kept gives the same bank as what is measured`() throws {
    let folder = try TemporaryFolder()
    let cache = StatisticsCache(path: folder.path)
    let measured = try hash(.sparsegpt, cache: cache)
    let kept = try files(of: folder)
    #expect(kept.count == 6)
    #expect(try hash(.sparsegpt, cache: cache) == measured)
    #expect(try hash(.sparsegpt, cache: nil) == measured)
    // Another criterion takes the same statistics; other images have their own.
    #expect(try hash(.wanda, cache: cache) == hash(.wanda, cache: nil))
    #expect(try files(of: folder) == kept)
    let fewer = try calibrationDigits(5)
    #expect(try hash(.wanda, of: fewer, cache: cache) != hash(.wanda, cache: cache))
    #expect(try files(of: folder).count == 12)
  }

  @Test func `kept statistics are used`() throws {
    let folder = try TemporaryFolder()
    let cache = StatisticsCache(path: folder.path)
    let own = try hash(.sparsegpt, cache: cache)
    // Statistics of other images under the first ones' names give the others' bank.
    let others = try calibrationDigits(5)
    let otherFolder = try TemporaryFolder()
    let other = try hash(
      .sparsegpt, of: others, cache: StatisticsCache(path: otherFolder.path))
    for (name, otherName) in zip(try byBlock(folder), try byBlock(otherFolder)) {
      let target = "\(folder.path)/\(name)"
      try FileManager.default.removeItem(atPath: target)
      try FileManager.default.copyItem(
        atPath: "\(otherFolder.path)/\(otherName)", toPath: target)
    }
    #expect(try hash(.sparsegpt, cache: cache) == other)
    #expect(own != other)
  }

  /// The files of a folder in the order of the model's blocks.
  private func byBlock(_ folder: TemporaryFolder) throws -> [String] {
    try files(of: folder).sorted { left, right in
      let (left, right) = (try block(of: left, folder), try block(of: right, folder))
      return left < right
    }
  }

  private func block(of file: String, _ folder: TemporaryFolder) throws -> Int {
    let content = try Data(contentsOf: URL(filePath: "\(folder.path)/\(file)")).prefix(4096)
    let text = String(decoding: content, as: UTF8.self)
    return try #require((0..<6).first { text.contains("\"blocks.\($0).") })
  }

  @Test func `a damaged file is measured again`() throws {
    let folder = try TemporaryFolder()
    let cache = StatisticsCache(path: folder.path)
    let measured = try hash(.sparsegpt, cache: cache)
    for name in try files(of: folder) {
      let path = "\(folder.path)/\(name)"
      try Data("no tensors".utf8).write(to: URL(filePath: path))
    }
    #expect(try hash(.sparsegpt, cache: cache) == measured)
    for name in try files(of: folder) {
      let size = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(name)")[.size]
      #expect(try #require(size as? Int) > 1000)
    }
  }

  @Test func `a full cache drops what was not used for longest`() throws {
    let folder = try TemporaryFolder()
    _ = try hash(.wanda, cache: StatisticsCache(path: folder.path))
    let sizes = try files(of: folder).map { name in
      let path = "\(folder.path)/\(name)"
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      return try #require(attributes[.size] as? Int)
    }
    let all = sizes.reduce(0, +)
    // As large as all but a half file: one goes for each that comes.
    let cache = StatisticsCache(path: folder.path, sizeMax: all + sizes[0] / 2)
    let before = Set(try files(of: folder))
    _ = try hash(.wanda, of: calibrationDigits(5), cache: cache)
    let after = Set(try files(of: folder))
    #expect(after.count == 6)
    #expect(after.isDisjoint(with: before))
  }

  @Test func `a folder that cannot be written is reported once and done without`() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/file"
    try Data().write(to: URL(filePath: path))
    let diagnostic = Mutex<[String]>([])
    let cache = StatisticsCache(path: "\(path)/statistics") { line in
      diagnostic.withLock { $0.append(line) }
    }
    #expect(try hash(.wanda, cache: cache) == hash(.wanda, cache: nil))
    let said = diagnostic.withLock { $0 }
    #expect(said.count == 1)
    #expect(said.first?.contains("\(path)/statistics") == true)
  }
}
