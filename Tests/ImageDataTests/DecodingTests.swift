import ImageData
import ModelFiles
import SparsityCore
import Testing

struct DecodingTests {
  private static let names = [
    "cmyk.jpg", "gamma.png", "gamma16.png", "grey.jpg", "grey.png", "grey16.png",
    "grey16interlaced.png", "greyalpha.png", "greyalpha16.png", "interlaced.png", "onebit.png",
    "palette.png", "palettetransparent.png", "rgb.png", "rgb16.png", "rgb420.jpg",
    "rgb444progressive.jpg", "rgba.png", "rgba16.png", "rotated.jpg",
  ]

  private func golden(_ name: String, channels: Int) throws -> [UInt8] {
    let file = try SafetensorsFile(
      bytes: try fixture("decoded.safetensors"), name: "decoded.safetensors")
    return try file.bytes("\(name)/\(channels)").values
  }

  private func decoded(_ bytes: [UInt8]) throws -> PixelImage {
    try decodedImage(bytes.span)
  }

  @Test(arguments: names.filter { $0 != "rgba16.png" }, [1, 3])
  func `JPEG and PNG of every kind are decoded as Pillow decodes them`(name: String, channels: Int)
    throws
  {
    let image = try decoded(fixture(name)).converted(toChannels: channels)
    #expect(image.width == 12)
    #expect(image.height == 9)
    #expect(image.pixels == (try golden(name, channels: channels)))
  }

  @Test func `16-bit colour with alpha differs from the high byte by at most one`() throws {
    let image = try decoded(fixture("rgba16.png"))
    let expected = try golden("rgba16.png", channels: 3)
    #expect(image.pixels.count == expected.count)
    #expect(zip(image.pixels, expected).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
  }

  @Test func `the EXIF orientation is not applied`() throws {
    #expect(
      try decoded(fixture("rotated.jpg")).pixels == decoded(fixture("rgb420.jpg")).pixels)
  }

  @Test func `a file is recognised by its bytes and other formats are named`() throws {
    #expect(throws: ImageFault.unknownFormat(firstBytes: Array("GIF89a12".utf8))) {
      try decoded(Array("GIF89a12345".utf8))
    }
    #expect(throws: ImageFault.unknownFormat(firstBytes: [])) { try decoded([]) }
    #expect(throws: ImageFault.unknownFormat(firstBytes: [0xFF, 0xD8])) {
      try decoded([0xFF, 0xD8])
    }
  }

  @Test(arguments: names)
  func `a truncated file is damaged`(name: String) throws {
    let bytes = try fixture(name)
    for count in [8, bytes.count / 3, bytes.count * 2 / 3, bytes.count - 20] {
      #expect(throws: ImageFault.self) { try decoded(Array(bytes.prefix(count))) }
    }
  }

  @Test func `extra bytes before a marker do no harm`() throws {
    var bytes = try fixture("rgb420.jpg")
    // Before the end-of-image marker.
    bytes.insert(contentsOf: [1, 2, 3], at: bytes.count - 2)
    #expect(try decoded(bytes).pixels == golden("rgb420.jpg", channels: 3))
  }

  @Test func `extra bytes do not hide a premature end`() throws {
    var bytes = try fixture("rgb444progressive.jpg")
    let scan = try #require(
      bytes.indices.dropLast().last { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA })
    bytes.insert(contentsOf: [1, 2, 3], at: scan)
    #expect(try decoded(bytes).pixels == golden("rgb444progressive.jpg", channels: 3))
    bytes.removeLast(6)
    #expect(
      throws: ImageFault.damaged(
        reason: "Corrupt JPEG data: 3 extraneous bytes before marker 0xda")
    ) { try decoded(bytes) }
  }

  @Test func `trailing bytes do no harm`() throws {
    for name in ["rgb420.jpg", "rgb.png"] {
      let bytes = try fixture(name) + Array(repeating: 7, count: 100)
      #expect(try decoded(bytes).pixels == golden(name, channels: 3))
    }
  }

  @Test func `a damaged PNG is found by its checksums`() throws {
    // One row less in the header, which would decode, and one bit in the compressed data.
    for (offset, change) in [(23, UInt8(9 ^ 8)), (60, 1)] {
      var bytes = try fixture("rgb.png")
      bytes[offset] ^= change
      #expect(throws: ImageFault.self) { try decoded(bytes) }
    }
  }

  @Test func `an image of too many pixels is refused before it is decoded`() throws {
    // Both sides 65,500 in the frame header of a JPEG.
    var bytes = try fixture("rgb420.jpg")
    let frame = try #require(
      bytes.indices.first { bytes[$0] == 0xFF && $0 + 1 < bytes.count && bytes[$0 + 1] == 0xC0 })
    bytes.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
    #expect(
      throws: ImageFault.tooManyPixels(
        width: 65_500, height: 65_500, pixelsMax: PixelImage.pixelsMax)
    ) { try decoded(bytes) }
  }

  @Test(arguments: names)
  func `random changes of an image decode or throw`(name: String) throws {
    var generator = SeededGenerator(seed: UInt64(name.utf8.count))
    let original = try fixture(name)
    let size = try decoded(original).pixels.count
    var sizes: [Int?] = []
    for _ in 0..<300 {
      var bytes = original
      for _ in 0...generator.index(below: 4) {
        bytes[generator.index(below: bytes.count)] = UInt8(generator.index(below: 256))
      }
      sizes.append((try? decoded(bytes))?.pixels.count)
    }
    #expect(sizes.contains(nil))
    // The checksums of a PNG find nearly every change.
    if name.hasSuffix(".jpg") { #expect(sizes.contains(size)) }
  }
}
