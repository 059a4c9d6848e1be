import Foundation
import ImageData
import ModelFiles
import Synchronization
import Testing
import TestSupport

/// Loading and packing of folders.
struct LoadingTests {
  private let preprocessing = Preprocessing(
    resize: 8, cropSize: 7, interpolation: .bicubic, channels: 3)

  private func pixels(ofFixture name: String) throws -> [UInt8] {
    let bytes = try fixture(name)
    return try preparedPixels(bytes.span, preprocessing)
  }

  /// Makes class folders of the fixtures, two of the images broken if wanted.
  private func withClassFolders(broken: Bool, _ body: (String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let data = folder + "/data"
      for (index, name) in ["rgb.png", "grey.jpg", "rgb420.jpg", "palette.png"].enumerated() {
        try write(fixture(name), to: "\(data)/class\(index % 2)/\(name)")
      }
      if broken {
        try write(Array(fixture("rgb420.jpg").prefix(400)), to: data + "/class0/cut.jpg")
        try write(Array("BM".utf8), to: data + "/class1/other.bmp")
      }
      try body(folder)
    }
  }

  @Test(arguments: [1, 2, 5])
  func `images come in the order of the listing for any number of threads`(threads: Int) throws {
    try withClassFolders(broken: false) { folder in
      let loaded = try loadImages(
        path: folder + "/data", preprocessing: preprocessing, classes: nil, threads: threads)
      #expect(loaded.broken.isEmpty)
      #expect(loaded.set.labels == [0, 0, 1, 1])
      #expect(loaded.set.classNames == ["class0", "class1"])
      #expect(loaded.set.preprocessing == "resize-8/bicubic/crop-7/channels-3")
      for (index, name) in ["rgb.png", "rgb420.jpg", "grey.jpg", "palette.png"].enumerated() {
        let expected = try pixels(ofFixture: name)
        #expect(loaded.set.withPixels(at: index) { Array(copying: $0) } == expected)
      }
    }
  }

  @Test func `broken images are left out, named and counted`() throws {
    try withClassFolders(broken: true) { folder in
      let loaded = try loadImages(
        path: folder + "/data", preprocessing: preprocessing, classes: nil, threads: 2)
      #expect(loaded.set.count == 4)
      #expect(loaded.broken.map(\.name) == ["class0/cut.jpg", "class1/other.bmp"])
      #expect(loaded.broken[1].fault == .unknownFormat(firstBytes: Array("BM".utf8)))
    }
  }

  @Test func `a folder of broken images only is an error`() throws {
    try withTemporaryFolder { folder in
      try write([1], to: folder + "/a/x.jpg")
      #expect(
        throws: ImageDataError.brokenImages(
          path: folder, total: 1,
          images: [BrokenImage(name: "a/x.jpg", fault: .unknownFormat(firstBytes: [1]))])
      ) { try loadImages(path: folder, preprocessing: preprocessing, classes: nil, threads: 1) }
    }
  }

  @Test func `more memory than allowed is refused`() throws {
    try withClassFolders(broken: false) { folder in
      #expect(
        throws: ImageDataError.tooLarge(
          path: folder + "/data", neededBytes: 588, limitBytes: 500)
      ) {
        try loadImages(
          path: folder + "/data", preprocessing: preprocessing, classes: nil, threads: 1,
          memoryLimitBytes: 500)
      }
    }
  }

  @Test func `a missing path is named`() {
    #expect(throws: ImageDataError.notFound(path: "/nonexistent")) {
      try loadImages(path: "/nonexistent", preprocessing: preprocessing, classes: nil, threads: 1)
    }
  }

  @Test func `progress counts up to the total`() throws {
    try withClassFolders(broken: false) { folder in
      let seen = Mutex<[Int]>([])
      _ = try loadImages(
        path: folder + "/data", preprocessing: preprocessing, classes: nil, threads: 2
      ) {
        finished, total in
        #expect(total == 4)
        seen.withLock { $0.append(finished) }
      }
      #expect(seen.withLock { $0 } == [1, 2, 3, 4])
    }
  }

  // MARK: Packing

  @Test func `a packed set equals the folder it was made of`() throws {
    try withClassFolders(broken: false) { folder in
      let output = folder + "/packed.safetensors"
      let report = try pack(
        source: folder + "/data", output: output, preprocessing: preprocessing,
        classes: ModelClasses(count: 2),
        requiresClasses: true, threads: 2)
      #expect(report.imageCount == 4)
      let packed = try loadImages(
        path: output, preprocessing: preprocessing, classes: nil, threads: 1
      ).set
      let folderSet = try loadImages(
        path: folder + "/data", preprocessing: preprocessing, classes: nil, threads: 1
      ).set
      #expect(packed.contentHash(threads: 1) == folderSet.contentHash(threads: 1))
      #expect(packed.classNames == folderSet.classNames)
      #expect(packed.preprocessing == folderSet.preprocessing)
      let file = try SafetensorsFile(path: output)
      #expect(file.size == report.bytes)
      #expect(file.metadata["sources"] == report.sourceHash.description)
      #expect(file.metadata["classes"] == "2")
    }
  }

  @Test func `the same source gives the same bytes for any number of threads`() throws {
    try withClassFolders(broken: true) { folder in
      for threads in [1, 3] {
        _ = try pack(
          source: folder + "/data", output: "\(folder)/\(threads)", preprocessing: preprocessing,
          classes: ModelClasses(count: 2),
          requiresClasses: true,
          threads: threads, skipBroken: true)
      }
      #expect(
        try contentHash(ofFileAt: folder + "/1") == contentHash(ofFileAt: folder + "/3"))
    }
  }

  @Test func `broken images stop packing after all are listed, unless they may be skipped`()
    throws
  {
    try withClassFolders(broken: true) { folder in
      let output = folder + "/packed"
      let error = try #require(throws: ImageDataError.self) {
        try pack(
          source: folder + "/data", output: output, preprocessing: preprocessing,
          classes: ModelClasses(count: 2),
          requiresClasses: true, threads: 2)
      }
      guard case .brokenImages(_, total: 6, let images) = error else {
        Issue.record("another error: \(error)")
        return
      }
      #expect(images.map(\.name) == ["class0/cut.jpg", "class1/other.bmp"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["data"])
      let report = try pack(
        source: folder + "/data", output: output, preprocessing: preprocessing,
        classes: ModelClasses(count: 2),
        requiresClasses: true, threads: 2,
        skipBroken: true)
      #expect(report.broken == images)
      let set = try ImageSet(packedFile: output)
      #expect(set.labels == [0, 0, 1, 1])
      let file = try SafetensorsFile(path: output)
      #expect(file.metadata["skippedImages"] == "2")
      let expected = try pixels(ofFixture: "palette.png")
      #expect(set.withPixels(at: 3) { Array(copying: $0) } == expected)
    }
  }

  @Test func `a changed source file changes the source hash`() throws {
    try withClassFolders(broken: false) { folder in
      func sourceHash() throws -> String {
        try pack(
          source: folder + "/data", output: folder + "/packed", preprocessing: preprocessing,
          classes: ModelClasses(count: 2),
          requiresClasses: true,
          threads: 1
        ).sourceHash.description
      }
      let before = try sourceHash()
      #expect(try sourceHash() == before)
      try write(fixture("rgb.png") + [0], to: folder + "/data/class0/rgb.png")
      #expect(try sourceHash() != before)
    }
  }
}
