import Foundation
import ImageData
import ModelFiles
import Testing
import TestSupport

/// Pixels of ImageNet images as PyTorch's pipeline sees them.
@Suite(.needsSharedData("golden/deit_tiny.safetensors", "imagenet-val-650/images"))
struct GoldenPixelsTests {
  private func names(_ key: String) throws -> [String] {
    let data = try Data(contentsOf: URL(filePath: SharedData.path("golden/deit_tiny.json")))
    let object = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    return try #require(object?[key] as? [String])
  }

  /// The differing values and the largest difference, over all images.
  private func compare(
    _ tensor: String, folder: String, names: [String], _ preprocessing: Preprocessing
  ) throws -> (differing: Int, total: Int, largest: Int) {
    let golden = try SafetensorsFile(path: SharedData.path("golden/deit_tiny.safetensors"))
    let (shape, values) = try golden.bytes(tensor)
    #expect(shape == [names.count, 224, 224, 3])
    var differing = 0
    var largest = 0
    for (index, name) in names.enumerated() {
      let bytes = try readFile(SharedData.path("\(folder)/images/\(name)"), limitBytes: 1 << 24)
      let pixels = try preparedPixels(bytes.span, preprocessing)
      let expected = values[index * pixels.count..<(index + 1) * pixels.count]
      for (value, expectedValue) in zip(pixels, expected) where value != expectedValue {
        differing += 1
        largest = max(largest, abs(Int(value) - Int(expectedValue)))
      }
    }
    return (differing, values.count, largest)
  }

  @Test func `centre-cropped validation images are exact`() throws {
    let preprocessing = Preprocessing(
      resize: nil, cropSize: 224, interpolation: .bicubic, channels: 3)
    let result = try compare(
      "pixels_val_cropped", folder: "imagenet-val-650", names: names("val_images"),
      preprocessing)
    #expect(result.differing == 0)
  }

  @Test func `resized training images are exact`() throws {
    let preprocessing = Preprocessing(
      resize: 248, cropSize: 224, interpolation: .bicubic, channels: 3)
    let result = try compare(
      "pixels_train_resized", folder: "imagenet-train-256", names: names("train_images"),
      preprocessing)
    #expect(result.differing == 0)
    #expect(result.largest == 0)
  }
}
