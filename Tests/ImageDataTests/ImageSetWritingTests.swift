import ImageData
import Testing
import TestSupport

struct ImageSetWritingTests {
  @Test func `a written subset reads as the same images`() throws {
    let images: [[UInt8]] = (0..<5).map { image in (0..<12).map { UInt8(image * 20 + $0) } }
    let set = ImageSet(
      name: "set", imageSize: ImageSize(height: 2, width: 2, channels: 3), images: images,
      labels: [4, 3, 2, 1, 300], classNames: (0...300).map { "class \($0)" },
      preprocessing: "none")
    let subset = set.subset([4, 0, 2])
    try withTemporaryFolder { folder in
      let path = folder + "/set.safetensors"
      try subset.write(toPackedFile: path)
      let read = try ImageSet(packedFile: path)
      #expect(read.labels == [300, 4, 2])
      #expect(read.imageSize == set.imageSize)
      #expect(read.classNames == set.classNames)
      #expect(read.preprocessing == "none")
      #expect(read.contentHash(threads: 1) == subset.contentHash(threads: 1))
    }
  }

  @Test func `a set that cannot be written names the file`() {
    let set = ImageSet(
      name: "set", imageSize: ImageSize(height: 1, width: 1, channels: 1), images: [[1]],
      labels: [0])
    let error = #expect(throws: ImageDataError.self) {
      try set.write(toPackedFile: "/nonexistent-folder/set.safetensors")
    }
    #expect(error?.description.contains("/nonexistent-folder/set.safetensors") == true)
  }
}
