import Foundation
import ImageData
import ModelFiles
import SparsityCore
import Testing
import TestSupport

/// Seeded mutators over every reader of images: whatever a file holds is read, or refused with a
/// diagnostic.
@Suite(.timeLimit(.minutes(20)))
struct FuzzTests {
  private static let jpegNames = [
    "cmyk.jpg", "grey.jpg", "rgb420.jpg", "rgb444progressive.jpg", "rotated.jpg",
  ]
  private static let pngNames = [
    "gamma.png", "grey.png", "grey16interlaced.png", "greyalpha16.png", "interlaced.png",
    "onebit.png", "palette.png", "palettetransparent.png", "rgb16.png", "rgba.png",
  ]

  /// The memory for decoding; few mutated headers ask for more.
  private static let memoryMaxBytes = 64 << 20

  /// Decodes and prepares the bytes, or checks the words of the refusal.
  private func isDecoded(_ bytes: [UInt8]) -> Bool {
    let preprocessing = Preprocessing(
      resize: 9, cropSize: 8, interpolation: .bilinear, channels: 3)
    do throws(ImageFault) {
      let needed = try decodingBytes(bytes.span, channels: 3)
      guard needed <= Self.memoryMaxBytes else { return false }
      let image = try decodedImage(bytes.span)
      // What is decoded has been announced, so that threads can share the memory.
      #expect(image.pixels.count <= needed)
      let pixels = prepared(image.converted(toChannels: 3), preprocessing)
      #expect(pixels.count == preprocessing.pixelCount)
      return true
    } catch {
      #expect(!error.description.isEmpty)
      return false
    }
  }

  /// Checks many files; a mutator that breaks everything, or nothing, would test nothing.
  private func fuzz(count: Int, _ file: (Int) -> [UInt8]) {
    let decodedCount = (0..<count).count { isDecoded(file($0)) }
    #expect(decodedCount > count / 50)
    #expect(decodedCount < count * 49 / 50)
  }

  @Test(arguments: UInt64(0)..<8)
  func `mutated JPEG files are decoded or refused with a diagnostic`(seed: UInt64) throws {
    var mutator = ByteMutator(seed: seed)
    let files = try Self.jpegNames.map { try fixture($0) }
    fuzz(count: 500) { index in
      mutator.mutated(files[index % files.count], others: files, keepsSize: index % 3 > 0)
    }
  }

  @Test(arguments: UInt64(0)..<8)
  func `mutated PNG files are decoded or refused with a diagnostic`(seed: UInt64) throws {
    var mutator = ByteMutator(seed: seed)
    let files = try Self.pngNames.map { try fixture($0) }
    fuzz(count: 500) { index in
      // Random rows and right checksums reach libpng; the rest is refused before.
      guard index % 3 > 0 else { return PNGChunks.randomFile(&mutator) }
      var bytes = mutator.mutated(
        files[index % files.count], others: files, keepsSize: index % 2 == 0)
      if index % 3 == 1 { PNGChunks.repairChecksums(of: &bytes) }
      return bytes
    }
  }

  @Test(arguments: UInt64(0)..<8)
  func `mutated packed sets are read or refused with a diagnostic`(seed: UInt64) throws {
    var mutator = ByteMutator(seed: seed)
    let files = try packedFiles()
    var readCount = 0
    for index in 0..<500 {
      let original = files[index % files.count]
      let headerSize = 8 + Int(original[0]) + Int(original[1]) << 8
      var (header, data) = (Array(original[..<headerSize]), Array(original[headerSize...]))
      switch index % 5 {
      case 0: header = mutator.mutated(header, others: files)
      case 1: header = mutator.mutated(header, others: files, keepsSize: true)
      case 2: mutator.changeDigits(&header)
      case 3: data = mutator.mutated(data, others: files, keepsSize: true)
      default: data = mutator.mutated(data, others: files)
      }
      let bytes = header + data
      if isRead(bytes) { readCount += 1 }
    }
    #expect(readCount > 50)
    #expect(readCount < 450)
  }

  private func isRead(_ bytes: [UInt8]) -> Bool {
    do {
      let set = try ImageSet(packed: SafetensorsFile(bytes: bytes, name: "set"))
      #expect(set.count * set.imageSize.pixelCount <= bytes.count)
      #expect(set.labels.count == set.count)
      _ = set.contentHash(threads: 1)
      let half = Array(0..<(set.count + 1) / 2)
      #expect(set.subset(half).pixelHash(at: 0) == set.pixelHash(at: 0))
      return true
    } catch {
      #expect(!"\(error)".isEmpty)
      return false
    }
  }

  /// Packed sets of a class folder and of other writers, of some hundred bytes each.
  private func packedFiles() throws -> [[UInt8]] {
    try withTemporaryFolder { folder in
      let set = ImageSet(
        name: "set", imageSize: ImageSize(height: 3, width: 2, channels: 3),
        images: (0..<4).map { image in (0..<18).map { UInt8(image * 20 + $0) } },
        labels: [0, 1, 2, 1], classNames: ["a", "b\"é", "c"], preprocessing: "none")
      try set.write(toPackedFile: folder + "/set")
      let plain = [
        NewTensor(
          name: "images", elementType: .uint8, shape: [2, 2, 2, 1], bytes: Array(0..<8)),
        NewTensor(
          name: "labels", elementType: .int64, shape: [2], bytes: littleEndianBytes([3, 9])),
      ]
      try writeSafetensors(plain, metadata: ["classes": "10"], to: folder + "/plain")
      return try ["set", "plain"].map { try readFile("\(folder)/\($0)", limitBytes: 1 << 20) }
    }
  }

  @Test(arguments: UInt64(0)..<4)
  func `mutated lists of labels and classes are read or refused with a diagnostic`(seed: UInt64)
    throws
  {
    var mutator = ByteMutator(seed: seed)
    let texts = ["a.jpg 1\nb c.jpg 2\nd\u{E9}.jpg 0\n", "cat\ndog\n\nfox\n", "cat 3\r\ndog 1\n"]
      .map { Array($0.utf8) }
    try withTemporaryFolder { folder in
      for name in ["a.jpg", "b c.jpg", "d\u{E9}.jpg"] { try write([0], to: folder + "/" + name) }
      for index in 0..<300 {
        let text = mutator.mutated(texts[index % 3], others: texts)
        try write(text, to: folder + "/labels.txt")
        do throws(ImageDataError) {
          let listing = try ImageListing(folder: folder)
          #expect(listing.images.count == 3)
        } catch {
          #expect(!error.description.isEmpty)
        }
        do throws(ImageDataError) {
          _ = try ClassMap(path: folder + "/labels.txt")
        } catch {
          #expect(!error.description.isEmpty)
        }
      }
    }
  }
}
