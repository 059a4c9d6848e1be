import ContentHashing
import Foundation
import SparsityCore
import Testing
import TestSupport
import WireProtocol
import WorkerService

struct InputCacheTests {
  /// A cache of 1000 bytes in a folder of its own.
  struct Site {
    private let folder: TemporaryFolder
    let cache: InputCache

    init() throws {
      folder = try TemporaryFolder()
      cache = InputCache(folder: folder.file("a/cache"), sizeMax: 1_000)
      try cache.create()
    }

    /// Stores a file that was last used so many seconds ago.
    func store(_ entry: Inventory.Entry, age: Double, isPart: Bool = false) throws {
      let path = isPart ? cache.partPath(of: entry.content) : cache.path(of: entry.content)
      try Data(repeating: 1, count: entry.size).write(to: URL(filePath: path))
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: path)
    }

    func holds(_ entry: Inventory.Entry) -> Bool {
      FileManager.default.fileExists(atPath: cache.path(of: entry.content))
    }
  }

  private func entry(_ name: String, size: Int) -> Inventory.Entry {
    let bytes = Array(name.utf8)
    return Inventory.Entry(role: .model, content: ContentHash(of: bytes.span), size: size)
  }

  @Test func `what was used longest ago goes first, and no more than needed`() throws {
    let site = try Site()
    let (old, young, part) = (
      entry("old", size: 300), entry("young", size: 300), entry("part", size: 200)
    )
    try site.store(young, age: 10)
    try site.store(part, age: 100, isPart: true)
    try site.store(old, age: 50)
    try site.cache.makeRoom(for: [entry("new", size: 300)])
    #expect(site.holds(old))
    #expect(!FileManager.default.fileExists(atPath: site.cache.partPath(of: part.content)))
    try site.cache.makeRoom(for: [entry("new", size: 600)])
    #expect(!site.holds(old))
    #expect(site.holds(young))
    site.cache.touch(young.content)
    #expect(try FileManager.default.contentsOfDirectory(atPath: site.cache.folder).count == 1)
  }

  @Test func `what the run needs or a worker uses never goes`() throws {
    let site = try Site()
    let (mine, used) = (entry("mine", size: 400), entry("used", size: 400))
    try site.store(mine, age: 100)
    try site.store(used, age: 100)
    let lock = try #require(try site.cache.lock(used.content, .together))
    try site.cache.makeRoom(for: [mine, entry("new", size: 500)])
    #expect(site.holds(mine))
    #expect(site.holds(used))
    withExtendedLifetime(lock) {}
  }

  @Test func `files that the disk has no room for are refused before they are fetched`() throws {
    let site = try Site()
    let large = InputCache(folder: site.cache.folder, sizeMax: WireLimits.inputSizeMax)
    let error = #expect(throws: (any Error).self) {
      try large.makeRoom(for: [entry("huge", size: WireLimits.inputSizeMax)])
    }
    let diagnostic = "\(try #require(error))"
    #expect(diagnostic.contains("full") && diagnostic.contains(site.cache.folder), "\(diagnostic)")
  }

  @Test func `a lock held alone keeps others out, one held together does not`() throws {
    let site = try Site()
    let content = entry("file", size: 1).content
    do {
      let alone = try #require(try site.cache.lock(content, .alone))
      #expect(try site.cache.lock(content, .together) == nil)
      #expect(alone.share())
      let other = try #require(try site.cache.lock(content, .together))
      #expect(try site.cache.lock(content, .alone) == nil)
      #expect(!FileManager.default.fileExists(atPath: site.cache.path(of: content)))
      withExtendedLifetime((alone, other)) {}
    }
    #expect(try site.cache.lock(content, .alone) != nil)
  }

  @Test func `a cache that is no folder is named`() throws {
    let site = try Site()
    let path = site.cache.folder + "/file"
    try Data([1]).write(to: URL(filePath: path))
    let cache = InputCache(folder: path + "/cache", sizeMax: 1)
    let error = #expect(throws: (any Error).self) { try cache.create() }
    #expect("\(try #require(error))".contains(path))
  }
}
