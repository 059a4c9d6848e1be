import Foundation
import ImageData
import Testing
import TestSupport

struct ImageListingTests {
  /// Makes a folder with these files, each holding one byte unless it is a text.
  private func withFolder(
    _ files: [String], labels: (path: String, text: String)? = nil,
    _ body: (String) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      for file in files { try write([0], to: folder + "/" + file) }
      if let labels { try write(Array(labels.text.utf8), to: folder + "/" + labels.path) }
      try body(folder)
    }
  }

  @Test func `class folders are sorted as bytes and give the labels`() throws {
    let files = [
      "b/2.jpg", "b/10.PNG", "a/x.jpeg", "B/y.webp", "b/sub/1.jpg", "b/notes.txt", ".git/z.jpg",
      "a/._x.jpeg", "top.jpg",
    ]
    try withFolder(files) { folder in
      let listing = try ImageListing(folder: folder)
      #expect(listing.classNames == ["B", "a", "b"])
      let names = ["B/y.webp", "a/x.jpeg", "b/10.PNG", "b/2.jpg", "b/sub/1.jpg"]
      #expect(listing.images.map(\.name) == names)
      #expect(listing.images.map(\.label) == [0, 1, 2, 2, 2])
      #expect(listing.images[0].path == folder + "/B/y.webp")
    }
  }

  @Test func `a class folder without images is an error, as it would shift no label silently`()
    throws
  {
    try withFolder(["a/x.jpg", "b/notes.txt"]) { folder in
      #expect(throws: ImageDataError.emptyClass(path: folder, className: "b")) {
        try ImageListing(folder: folder)
      }
    }
  }

  @Test func `labels.txt names images in images/ or beside it, in its own order`() throws {
    let labels = "b c.jpg 7\r\n\n  a.jpg\t0 \n"
    try withFolder(["images/a.jpg", "images/b c.jpg"], labels: ("labels.txt", labels)) { folder in
      let listing = try ImageListing(folder: folder)
      #expect(listing.images.map(\.name) == ["b c.jpg", "a.jpg"])
      #expect(listing.images.map(\.label) == [7, 0])
      #expect(listing.images[1].path == folder + "/images/a.jpg")
      #expect(listing.classNames == nil)
    }
    try withFolder(["sub/a.png", "b"], labels: ("labels.txt", "sub/a.png 1\nb 2")) { folder in
      let listing = try ImageListing(folder: folder)
      #expect(listing.images.map(\.name) == ["sub/a.png", "b"])
    }
  }

  @Test(arguments: ["a.jpg", "a.jpg x", "a.jpg -1", "a.jpg 1.5", "3", "a.jpg 99999999999"])
  func `a line that is no name and label is refused with its place`(line: String) throws {
    try withFolder(["a.jpg", "b.jpg"], labels: ("labels.txt", "b.jpg 1\n\(line)\n")) { folder in
      #expect(
        throws: ImageDataError.invalidLabelLine(
          path: folder + "/labels.txt", line: 2, text: line)
      ) { try ImageListing(folder: folder) }
    }
  }

  @Test func `a name that appears twice is refused`() throws {
    try withFolder(["a.jpg"], labels: ("labels.txt", "a.jpg 1\na.jpg 2")) { folder in
      #expect(
        throws: ImageDataError.duplicateName(
          path: folder + "/labels.txt", line: 2, name: "a.jpg", firstLine: 1)
      ) { try ImageListing(folder: folder) }
    }
  }

  @Test func `images that are missing or not listed are named`() throws {
    try withFolder(["a.jpg"], labels: ("labels.txt", "a.jpg 1\nc.jpg 2\nb.jpg 2")) { folder in
      #expect(
        throws: ImageDataError.missingImages(
          path: folder + "/labels.txt", count: 2, examples: ["c.jpg", "b.jpg"])
      ) { try ImageListing(folder: folder) }
    }
    let files = ["a.jpg"] + (0..<9).map { "u\($0).jpg" }
    try withFolder(files, labels: ("labels.txt", "a.jpg 1")) { folder in
      #expect(
        throws: ImageDataError.unlistedImages(
          path: folder + "/labels.txt", count: 9, examples: (0..<5).map { "u\($0).jpg" })
      ) { try ImageListing(folder: folder) }
    }
  }

  @Test func `folders of another kind are refused`() throws {
    try withFolder(["images/a.jpg"]) { folder in
      #expect(throws: ImageDataError.missingLabels(path: folder)) {
        try ImageListing(folder: folder)
      }
    }
    try withFolder(["a.jpg"]) { folder in
      #expect(throws: ImageDataError.unknownLayout(path: folder)) {
        try ImageListing(folder: folder)
      }
      #expect(throws: ImageDataError.notFound(path: folder + "/none")) {
        try ImageListing(folder: folder + "/none")
      }
    }
    try withFolder([], labels: ("labels.txt", "\n")) { folder in
      #expect(throws: ImageDataError.noImages(path: folder)) { try ImageListing(folder: folder) }
    }
  }

  @Test func `a link that leads back up is refused instead of followed for ever`() throws {
    try withFolder(["a/x.jpg"]) { folder in
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/a/loop", withDestinationPath: folder + "/a")
      #expect(throws: ImageDataError.self) { try ImageListing(folder: folder) }
    }
  }
}
