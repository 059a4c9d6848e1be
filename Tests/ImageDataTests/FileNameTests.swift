import Foundation
import Glibc
import ImageData
import ModelFiles
import Testing
import TestSupport

/// Names as users and file systems write them.
struct FileNameTests {
  private static let composed = "caf\u{E9}.jpg"
  private static let decomposed = "cafe\u{301}.jpg"

  /// Makes a file whose name is these bytes; Foundation would give it another form.
  private func makeFile(_ name: [UInt8], in folder: String, content: [UInt8] = [0]) throws {
    let path = Array(folder.utf8) + [UInt8(ascii: "/")] + name + [0]
    let descriptor = unsafe path.withUnsafeBufferPointer { path in
      unsafe path.withMemoryRebound(to: CChar.self) { path in
        unsafe open(path.baseAddress!, O_WRONLY | O_CREAT, 0o600)
      }
    }
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    #expect(unsafe write(descriptor, content, content.count) == content.count)
  }

  private func makeFolder(_ path: String) throws {
    let status = unsafe mkdir(path, 0o700)
    try #require(status == 0)
  }

  private func withFolder(
    _ names: [String], labels: [UInt8], _ body: (String) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      for name in names {
        try makeFile(Array(name.utf8), in: folder, content: fixture("rgb420.jpg"))
      }
      try makeFile(Array("labels.txt".utf8), in: folder, content: labels)
      try body(folder)
    }
  }

  @Test func `a name in another Unicode form opens what is on disk`() throws {
    let labels = Array("\(Self.composed) 1\n".utf8)
    try withFolder([Self.decomposed], labels: labels) { folder in
      let preprocessing = Preprocessing(
        resize: 8, cropSize: 7, interpolation: .bicubic, channels: 3)
      let loaded = try loadImages(
        path: folder, preprocessing: preprocessing, classes: nil, threads: 1)
      #expect(loaded.broken.isEmpty)
      #expect(loaded.set.labels == [1])
    }
  }

  @Test func `two names that differ in form only are two names`() throws {
    let labels = Array("\(Self.composed) 1\n\(Self.decomposed) 2\n".utf8)
    try withFolder([Self.composed, Self.decomposed], labels: labels) { folder in
      let listing = try ImageListing(folder: folder)
      #expect(listing.images.map(\.label) == [1, 2])
      let paths = listing.images.map { Array($0.path.utf8) }
      #expect(paths[0] == Array("\(folder)/\(Self.composed)".utf8))
      #expect(paths[1] == Array("\(folder)/\(Self.decomposed)".utf8))
    }
    let one = Array("\(Self.composed) 1\n".utf8)
    try withFolder([Self.composed, Self.decomposed], labels: one) { folder in
      let error = #expect(throws: ImageDataError.self) { try ImageListing(folder: folder) }
      #expect(error?.description.contains("1 image that is there") == true)
      #expect(error?.description.contains("(in another Unicode form)") == true)
    }
  }

  @Test func `two lines that mean one file are refused`() throws {
    let labels = Array("\(Self.composed) 1\n\(Self.decomposed) 2\n".utf8)
    try withFolder([Self.decomposed], labels: labels) { folder in
      let error = #expect(throws: ImageDataError.self) { try ImageListing(folder: folder) }
      #expect(error?.description.contains("has a label already, in line 1") == true)
    }
  }

  @Test func `class folders that differ in form only are two classes`() throws {
    try withTemporaryFolder { folder in
      for name in ["caf\u{E9}", "cafe\u{301}"] {
        try makeFolder("\(folder)/\(name)")
        try makeFile(Array("a.jpg".utf8), in: "\(folder)/\(name)")
      }
      let listing = try ImageListing(folder: folder)
      #expect(listing.classNames?.count == 2)
      #expect(listing.images.map(\.label) == [0, 1])
    }
  }

  @Test func `names that are not UTF-8 are reported as such`() throws {
    try withTemporaryFolder { folder in
      try makeFolder("\(folder)/a")
      try makeFile(Array("x.jpg".utf8), in: "\(folder)/a")
      try makeFile([0x63, 0x61, 0x66, 0xE9] + Array(".jpg".utf8), in: "\(folder)/a")
      let expected = ImageDataError.namesNotUTF8(
        path: folder, count: 1, examples: ["a/caf\\xE9.jpg"])
      #expect(throws: expected) { try ImageListing(folder: folder) }
      #expect("\(expected)".contains("1 name in \(folder) is not UTF-8: a/caf\\xE9.jpg"))
    }
  }

  @Test func `a byte-order mark is skipped and other text than UTF-8 is named`() throws {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    try withFolder(["a.jpg"], labels: mark + Array("a.jpg 3\r\n".utf8)) { folder in
      let listing = try ImageListing(folder: folder)
      #expect(listing.images.map(\.label) == [3])
    }
    try withFolder(["a.jpg"], labels: Array("a.jpg 3\n".utf8) + [0xE9, 0x20, 0x31]) { folder in
      #expect(
        throws: ImageDataError.textNotUTF8(
          path: folder + "/labels.txt", line: 2, text: "\\xE9 1")
      ) { try ImageListing(folder: folder) }
    }
  }

  @Test func `images are known by content, other files are passed over by name`() throws {
    try withTemporaryFolder { folder in
      let jpeg = try fixture("rgb420.jpg")
      let png = try fixture("rgb.png")
      let files: [(name: String, content: [UInt8])] = [
        ("a/one.jfif", jpeg), ("a/two.jpe", jpeg), ("a/three", png), ("a/four.data", jpeg),
        ("a/five.gif", Array("GIF89a".utf8)), ("a/six.avif", [0, 0, 0, 28] + Array("ftyp".utf8)),
        ("a/notes.txt", Array("BM is no image".utf8)), ("a/empty", []), ("readme", [1]),
      ]
      for (name, content) in files { try write(content, to: folder + "/" + name) }
      let listing = try ImageListing(folder: folder)
      #expect(
        listing.images.map(\.name) == [
          "a/five.gif", "a/four.data", "a/one.jfif", "a/six.avif", "a/three", "a/two.jpe",
        ])
      #expect(listing.otherFiles == ["a/empty", "a/notes.txt", "readme"])
      let preprocessing = Preprocessing(
        resize: 8, cropSize: 7, interpolation: .bicubic, channels: 3)
      let loaded = try loadImages(
        path: folder, preprocessing: preprocessing, classes: nil, threads: 1)
      #expect(loaded.set.count == 4)
      #expect(
        loaded.broken.map(\.description).contains("a/five.gif is GIF; only JPEG and PNG are read"))
    }
  }

  @Test func `an image in place of a set is called one`() throws {
    let image = Checkout.fixtures + "/images/rgb420.jpg"
    let preprocessing = Preprocessing(
      resize: 8, cropSize: 7, interpolation: .bicubic, channels: 3)
    let loading = #expect(throws: ImageDataError.self) {
      try loadImages(path: image, preprocessing: preprocessing, classes: nil, threads: 1)
    }
    let packing = #expect(throws: ImageDataError.self) {
      try pack(
        source: image, output: "/nonexistent/p", preprocessing: preprocessing,
        classes: ModelClasses(count: 2), requiresClasses: true, threads: 1)
    }
    for error in [loading, packing] {
      #expect(error == .notADataSet(path: image, found: .jpeg))
      #expect(
        error?.description
          == "\(image) is an image (JPEG); expected a folder or a packed set")
    }
    let packed = Checkout.demoData + "/test.safetensors"
    #expect(throws: ImageDataError.packedAlready(path: packed)) {
      try pack(
        source: packed, output: "/nonexistent/p", preprocessing: preprocessing,
        classes: ModelClasses(count: 2), requiresClasses: true, threads: 1)
    }
  }
}
