import ImageData
import ModelFiles
import NetworkArchitectures
import SparsityCore
import Testing
import TestSupport

struct ImageSetTests {
  /// A set of small random grey images; labels count from 0 to 4 over and over.
  private func randomSet(count: Int, seed: UInt64) -> ImageSet {
    var generator = SeededGenerator(seed: seed)
    return ImageSet(
      name: "random", imageSize: ImageSize(height: 3, width: 3, channels: 1),
      images: (0..<count).map { _ in (0..<9).map { _ in UInt8(generator.index(below: 256)) } },
      labels: (0..<count).map { $0 % 5 })
  }

  private func pixels(_ set: ImageSet) -> [[UInt8]] {
    (0..<set.count).map { set.withPixels(at: $0) { Array(copying: $0) } }
  }

  private func digits(_ name: String) throws -> ImageSet {
    try ImageSet(packedFile: Checkout.demoData + "/\(name).safetensors")
  }

  @Test func `a packed file of another writer is read`() throws {
    let set = try digits("search")
    #expect(set.count == 450)
    #expect(set.imageSize == ImageSize(height: 8, width: 8, channels: 1))
    #expect(Set(set.labels) == Set(0..<10))
    #expect(set.preprocessing == nil)
  }

  @Test func `pixels are lent and copied in the order that is asked for`() throws {
    let set = try digits("test")
    var copied = [UInt8](repeating: 0, count: 3 * 64 + 1)
    var span = copied.mutableSpan
    set.copyPixels(of: [5, 0, 5], into: &span)
    let all = pixels(set)
    #expect(copied == all[5] + all[0] + all[5] + [0])
  }

  @Test func `a mapped set and a set in memory of the same images have one hash`() throws {
    let mapped = try digits("search")
    let inMemory = ImageSet(
      name: "memory", imageSize: mapped.imageSize, images: pixels(mapped), labels: mapped.labels)
    #expect(mapped.contentHash(threads: 1) == inMemory.contentHash(threads: 2))
    #expect(mapped.pixelHash(at: 3) == inMemory.pixelHashes(threads: 2)[3])
  }

  @Test func `pixels, labels, order and shape each change the hash`() {
    let set = randomSet(count: 6, seed: 1)
    var images = pixels(set)
    images[2][3] ^= 1
    let size = set.imageSize
    let variants = [
      ImageSet(name: "", imageSize: size, images: images, labels: set.labels),
      ImageSet(
        name: "", imageSize: size, images: pixels(set), labels: set.labels.map { $0 + 1 }),
      set.subset([1, 0, 2, 3, 4, 5]), set.subset([0, 1, 2, 3, 4]),
      ImageSet(
        name: "", imageSize: ImageSize(height: 1, width: 9, channels: 1), images: pixels(set),
        labels: set.labels),
      ImageSet(
        name: "", imageSize: ImageSize(height: 1, width: 3, channels: 3), images: pixels(set),
        labels: set.labels),
    ]
    let hashes = Set((variants + [set]).map { $0.contentHash(threads: 1) })
    #expect(hashes.count == variants.count + 1)
  }

  @Test func `a subset of a subset finds its images`() {
    let set = randomSet(count: 10, seed: 2)
    let subset = set.subset([9, 4, 7]).subset([2, 0])
    #expect(pixels(subset) == [pixels(set)[7], pixels(set)[9]])
    #expect(subset.labels == [2, 4])
  }

  @Test func `a split is disjoint, complete and the same for the same seed`() throws {
    let set = randomSet(count: 50, seed: 3)
    let parts = [(name: "search", count: 30), (name: "test", count: 15)]
    let split = try set.split(parts, seed: 1)
    #expect(split.map(\.count) == [30, 15])
    #expect(ImageSet.identicalImages(split[0], split[1], threads: 2).isEmpty)
    let again = try set.split(parts, seed: 1)
    #expect(split.map { $0.contentHash(threads: 1) } == again.map { $0.contentHash(threads: 1) })
    let other = try set.split(parts, seed: 2)
    #expect(split[0].contentHash(threads: 1) != other[0].contentHash(threads: 1))
    let whole = try set.split([("a", 25), ("b", 25)], seed: 1)
    let hashes = Set(whole[0].pixelHashes(threads: 1) + whole[1].pixelHashes(threads: 1))
    #expect(hashes == Set(set.pixelHashes(threads: 1)))
    #expect(
      throws: ImageDataError.splitTooLarge(set: "random", requested: 51, available: 50)
    ) { try set.split([("a", 25), ("b", 26)], seed: 1) }
  }

  @Test func `images that two sets share are found`() {
    let set = randomSet(count: 10, seed: 4)
    let shared = ImageSet.identicalImages(
      set.subset([0, 1, 2, 3]), set.subset([7, 3, 8, 1]), threads: 2)
    #expect(shared.map(\.first) == [1, 3])
    #expect(shared.map(\.second) == [3, 1])
  }

  @Test func `the digits splits share no image`() throws {
    let search = try digits("search")
    let test = try digits("test")
    #expect(ImageSet.identicalImages(search, test, threads: 2).isEmpty)
  }

  @Test func `a model of other input or fewer classes is refused`() throws {
    func network(imageSize: Int, channels: Int, classes: Int) throws -> Network {
      try TransformerShape(
        imageSize: imageSize, patchSize: 1, channels: channels, width: 4, depth: 1, heads: 1,
        hiddenWidth: 4, classes: classes
      ).network
    }
    let set = randomSet(count: 6, seed: 5)
    try set.checkFits(network(imageSize: 3, channels: 1, classes: 5))
    #expect(
      throws: ImageDataError.labelOutOfRange(set: "random", index: 4, label: 4, classes: 4)
    ) { try set.checkFits(network(imageSize: 3, channels: 1, classes: 4)) }
    let colour = try network(imageSize: 3, channels: 3, classes: 5)
    #expect(
      throws: ImageDataError.wrongImageSize(
        set: "random", found: set.imageSize,
        expected: ImageSize(height: 3, width: 3, channels: 3))
    ) { try set.checkFits(colour) }
  }
}
