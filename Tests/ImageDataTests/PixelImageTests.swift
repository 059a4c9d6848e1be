import ImageData
import Testing

struct PixelImageTests {
  @Test func `grey is the rounded luma`() {
    let image = PixelImage(
      width: 4, height: 1, channels: 3,
      pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255])
    #expect(image.converted(toChannels: 1).pixels == [76, 150, 29, 255])
  }

  @Test func `colour of grey has three equal channels`() {
    let image = PixelImage(width: 1, height: 2, channels: 1, pixels: [7, 9])
    #expect(image.converted(toChannels: 3).pixels == [7, 7, 7, 9, 9, 9])
    #expect(image.converted(toChannels: 1) == image)
  }
}
