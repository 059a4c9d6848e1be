import Dispatch
import ImageData
import ModelFiles
import SparsityCore
import Synchronization
import Testing
import TestSupport

/// The memory that decoding takes, for all threads together.
@Suite(.timeLimit(.minutes(20)))
struct DecodingMemoryTests {
  private let preprocessing = Preprocessing(
    resize: 8, cropSize: 7, interpolation: .bicubic, channels: 3)

  /// Counts the bytes that threads hold, and the most that they held.
  private final class Meter: Sendable {
    let held = Atomic(0)
    let most = Atomic(0)

    func add(_ bytes: Int) {
      let now = held.wrappingAdd(bytes, ordering: .sequentiallyConsistent).newValue
      most.max(now, ordering: .sequentiallyConsistent)
    }

    func remove(_ bytes: Int) {
      held.wrappingSubtract(bytes, ordering: .sequentiallyConsistent)
    }
  }

  @Test(arguments: UInt64(0)..<10)
  func `shares never exceed the budget and everybody gets one`(seed: UInt64) {
    let budget = MemoryBudget(capacityBytes: 1000)
    let meter = Meter()
    DispatchQueue.concurrentPerform(iterations: 8) { thread in
      var generator = SeededGenerator(seed: seed, stream: UInt64(thread))
      for _ in 0..<200 {
        var share = generator.index(below: 1001)
        budget.take(share)
        meter.add(share)
        let more = generator.index(below: 1001 - share)
        if budget.grow(by: more) {
          meter.add(more)
          share += more
        }
        meter.remove(share)
        budget.giveBack(share)
      }
    }
    #expect(meter.held.load(ordering: .sequentiallyConsistent) == 0)
    #expect(meter.most.load(ordering: .sequentiallyConsistent) <= 1000)
    #expect(budget.grow(by: 1000))
  }

  @Test(arguments: [
    // Pixels of 12×9, the file, and two copies of its chunks in a PNG.
    ("rgb.png", 3, 3, 3), ("rgb.png", 1, 3 + 1, 3), ("grey.png", 3, 1 + 3, 3),
    ("rgb16.png", 3, 6, 3), ("rgba.png", 3, 4, 3), ("rgb420.jpg", 3, 3, 1), ("grey.jpg", 1, 1, 1),
    ("cmyk.jpg", 3, 4, 1),
  ])
  func `the header tells what decoding takes`(
    name: String, channels: Int, bytesPerPixel: Int, copies: Int
  ) throws {
    let bytes = try fixture(name)
    #expect(
      try decodingBytes(bytes.span, channels: channels)
        == copies * bytes.count + 12 * 9 * bytesPerPixel)
  }

  @Test func `the coefficients of a progressive JPEG count`() throws {
    let bytes = try fixture("rgb444progressive.jpg")
    // Three components of 2 × 2 blocks, 64 coefficients of two bytes each.
    #expect(
      try decodingBytes(bytes.span, channels: 3) == bytes.count + 12 * 9 * 3 + 3 * 4 * 64 * 2)
  }

  @Test func `an image waits for its share and is refused one that nobody can have`() throws {
    let path = Checkout.fixtures + "/images/rgb16.png"
    let bytes = try fixture("rgb16.png")
    let needed = try decodingBytes(bytes.span, channels: 3)
    let refused = preparedFile(
      path, preprocessing, memory: MemoryBudget(capacityBytes: needed - 1))
    #expect(throws: ImageFault.tooMuchMemory(neededBytes: needed, limitBytes: needed - 1)) {
      try refused.get()
    }
    // All threads together have room for one image: each waits for the others.
    let budget = MemoryBudget(capacityBytes: needed)
    let expected = try preparedPixels(bytes.span, preprocessing)
    let equal = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: 16) { _ in
      let file = try? preparedFile(path, preprocessing, memory: budget).get()
      if file?.pixels == expected { equal.wrappingAdd(1, ordering: .relaxed) }
    }
    #expect(equal.load(ordering: .sequentiallyConsistent) == 16)
    #expect(budget.grow(by: needed))
  }

  @Test func `a header that promises more than its data hold is refused before memory is taken`()
    throws
  {
    // 9,000 × 9,000 pixels of a few hundred bytes; the checksum of the header is right.
    var png = try fixture("rgb.png")
    PNGChunks.setSize(of: &png, width: 9000, height: 9000)
    #expect(throws: ImageFault.damaged(reason: "its data are too short for its size")) {
      try decodedImage(png.span)
    }
    var jpeg = try fixture("rgb420.jpg")
    let frame = try #require(
      jpeg.indices.dropLast().first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0x23, 0x28, 0x23, 0x28])
    #expect(throws: ImageFault.damaged(reason: "its data are too short for its size")) {
      try decodedImage(jpeg.span)
    }
  }
}
