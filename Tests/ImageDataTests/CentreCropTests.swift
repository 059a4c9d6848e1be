import ImageData
import ModelFiles
import Testing

struct CentreCropTests {
  @Test(arguments: [(227, 2, 1), (229, 2, 2), (225, 0, 0), (248, 12, 12), (231, 4, 3)])
  func `an odd margin is rounded as asked`(length: Int, halfToEven: Int, down: Int) {
    let crops = [CropRounding.halfToEven, .down].map {
      CentreCrop(length: length, cropLength: 224, rounding: $0).source.lowerBound
    }
    #expect(crops == [halfToEven, down])
  }

  @Test func `images that have their size are cut rounding down, and say so`() {
    let preprocessing = Preprocessing(
      resize: 248, cropSize: 224, interpolation: .bicubic, channels: 3)
    #expect(preprocessing.cropRounding == .halfToEven)
    #expect(preprocessing.withoutResize.cropRounding == .down)
    #expect(preprocessing.withoutResize.description == "resize-none/crop-224-down/channels-3")
  }
}
