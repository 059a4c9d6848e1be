import ImageData
import ModelFiles
import NetworkArchitectures
import SparsityCore
import Testing

struct PreparationTests {
  /// The image of a formula that the golden files were made of.
  private func pattern(width: Int, height: Int, channels: Int) -> PixelImage {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        for k in 0..<channels {
          let value = x * x * 7 + y * y * 13 + x * y * 31 + k * 89 + x * k * 5
          pixels.append(UInt8(value % 256))
        }
      }
    }
    return PixelImage(width: width, height: height, channels: channels, pixels: pixels)
  }

  @Test func `resize and centre crop equal Pillow and torchvision in every bit`() throws {
    let golden = try SafetensorsFile(
      bytes: try fixture("resized.safetensors"), name: "resized.safetensors")
    #expect(golden.names.count == 11)
    for name in golden.names {
      // As in 61x47x3/20/bicubic/16: size, resize, interpolation, crop.
      let parts = name.split(separator: "/")
      let size = parts[0].split(separator: "x").compactMap { Int($0) }
      let preprocessing = Preprocessing(
        resize: Int(parts[1]), cropSize: try #require(Int(parts[3])),
        interpolation: try #require(Interpolation(rawValue: String(parts[2]))), channels: size[2])
      let image = pattern(width: size[0], height: size[1], channels: size[2])
      #expect(prepared(image, preprocessing) == (try golden.bytes(name).values), "\(name)")
    }
  }

  @Test func `the longer side is rounded down and an equal shorter side changes nothing`() {
    #expect(resizedSize(width: 500, height: 375, shorterSide: 248) == (330, 248))
    #expect(resizedSize(width: 375, height: 500, shorterSide: 248) == (248, 330))
    #expect(resizedSize(width: 248, height: 999, shorterSide: 248) == (248, 999))
    #expect(resizedSize(width: 10, height: 20, shorterSide: nil) == (10, 20))
  }

  @Test func `what is missing goes before and behind, the odd pixel behind`() {
    #expect(CentreCrop(length: 5, cropLength: 8).padding == 1)
    #expect(CentreCrop(length: 5, cropLength: 8).source == 0..<5)
    #expect(CentreCrop(length: 7, cropLength: 8).padding == 0)
  }

  @Test func `an even image stays even when resized`() {
    let image = PixelImage(
      width: 30, height: 50, channels: 3, pixels: Array(repeating: 201, count: 4500))
    for interpolation in Interpolation.allCases {
      let preprocessing = Preprocessing(
        resize: 17, cropSize: 16, interpolation: interpolation, channels: 3)
      #expect(prepared(image, preprocessing).allSatisfy { $0 == 201 })
    }
  }

  @Test(arguments: UInt64(0)..<10)
  func `part of a resized image equals the part cut from the whole`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let width = 1 + generator.index(below: 60)
    let height = 1 + generator.index(below: 60)
    let channels = generator.index(below: 2) == 0 ? 1 : 3
    let image = PixelImage(
      width: width, height: height, channels: channels,
      pixels: (0..<width * height * channels).map { _ in UInt8(generator.index(below: 256)) })
    let newWidth = 1 + generator.index(below: 60)
    let newHeight = 1 + generator.index(below: 60)
    let left = generator.index(below: newWidth)
    let top = generator.index(below: newHeight)
    let columns = left..<left + 1 + generator.index(below: newWidth - left)
    let rows = top..<top + 1 + generator.index(below: newHeight - top)
    for interpolation in Interpolation.allCases {
      let whole = Resampling.resized(
        image, width: newWidth, height: newHeight, columns: 0..<newWidth, rows: 0..<newHeight,
        interpolation: interpolation)
      let part = Resampling.resized(
        image, width: newWidth, height: newHeight, columns: columns, rows: rows,
        interpolation: interpolation)
      #expect(part == Resampling.cropped(whole, columns: columns, rows: rows))
    }
  }

  @Test(arguments: [(7, 3), (3, 7), (500, 224), (1, 9), (9, 1), (640, 639)])
  func `the weights of a window add up to one`(inputCount: Int, outputCount: Int) {
    for interpolation in Interpolation.allCases {
      let windows = Resampling.windows(
        inputCount: inputCount, outputCount: outputCount, outputs: 0..<outputCount,
        interpolation: interpolation)
      for window in windows {
        #expect(window.start >= 0 && window.start + window.weights.count <= inputCount)
        let sum = window.weights.reduce(0) { $0 + Int($1) }
        #expect(abs(sum - 1 << 22) <= window.weights.count)
      }
    }
  }

  @Test func `an image is squashed, or covers a rectangle`() {
    let image = PixelImage(
      width: 40, height: 20, channels: 1,
      pixels: (0..<800).map {
        UInt8(6 * ($0 % 40))
      })
    func row(_ resizing: ImageResizing) -> [UInt8] {
      let pixels = prepared(
        image,
        Preprocessing(
          resizing: resizing, cropSize: GridSize(height: 10, width: 8), interpolation: .bilinear,
          channels: 1))
      #expect(pixels.count == 80)
      return Array(pixels[0..<8])
    }
    // Squashed to a fifth, neighbours differ by five columns; covering halves the image.
    let squashed = row(.bothSides(GridSize(height: 10, width: 8)))
    let covering = row(.covering(GridSize(height: 10, width: 8)))
    #expect(abs(Int(squashed[4]) - Int(squashed[3]) - 30) <= 1)
    #expect(abs(Int(covering[4]) - Int(covering[3]) - 12) <= 1)
  }
}
