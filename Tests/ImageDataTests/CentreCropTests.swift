import ImageData
import ModelFiles
import Testing

struct CentreCropTests {
  @Test(arguments: [(227, 2), (229, 2), (225, 0), (248, 12), (231, 4), (226, 1), (224, 0)])
  func `an odd margin is rounded half to even`(length: Int, start: Int) {
    #expect(CentreCrop(length: length, cropLength: 224).source == start..<start + 224)
  }

  @Test func `images that have their size are cut as others are`() {
    let preprocessing = Preprocessing(
      resize: 248, cropSize: 224, interpolation: .bicubic, channels: 3)
    #expect(
      preprocessing.withoutResize
        == Preprocessing(resize: nil, cropSize: 224, interpolation: .bicubic, channels: 3))
    #expect(preprocessing.withoutResize.description == "resize-none/crop-224/channels-3")
  }

  /// Resize (or none), crop and channels, as the fixture names them.
  @Test(arguments: ["none/7/3", "none/8/1", "5/7/1", "6/7/1", "7/8/1"])
  func `small images are resized, padded and cut as torchvision does it`(name: String) throws {
    let parts = name.split(separator: "/")
    let (side, channels) = (try #require(Int(parts[1])), try #require(Int(parts[2])))
    let preprocessing = Preprocessing(
      resize: Int(parts[0]), cropSize: side, interpolation: .bicubic, channels: channels)
    let bytes = try fixture("../crops/crops.safetensors")
    let golden = try SafetensorsFile(bytes: bytes, name: "crops.safetensors").bytes(name)
    let lengths = 1...side + 3
    #expect(golden.shape == [lengths.count, lengths.count, side, side, channels])
    var expected = golden.values[...]
    for height in lengths {
      for width in lengths {
        let image = pattern(width: width, height: height, channels: channels)
        let pixels = prepared(image, preprocessing)
        #expect(pixels == Array(expected.prefix(pixels.count)), "\(width)×\(height)")
        expected.removeFirst(preprocessing.pixelCount)
      }
    }
  }

  /// The image of a formula that the fixture was made of; no value of it is zero.
  private func pattern(width: Int, height: Int, channels: Int) -> PixelImage {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        for k in 0..<channels {
          let value = x * x * 7 + y * y * 13 + x * y * 31 + k * 89 + x * k * 5
          pixels.append(UInt8(1 + value % 255))
        }
      }
    }
    return PixelImage(width: width, height: height, channels: channels, pixels: pixels)
  }
}
