import ModelFiles

/// What kind of image a file holds, by its first bytes; JPEG and PNG are decoded.
package enum ImageFormat: String, Hashable, Sendable {
  case jpeg = "JPEG"
  case png = "PNG"
  case gif = "GIF"
  case tiff = "TIFF"
  case webp = "WebP"
  case bmp = "BMP"
  case avif = "AVIF or HEIF"
  case jpegXL = "JPEG XL"
  case jpeg2000 = "JPEG 2000"

  /// The bytes of a file that tell its kind.
  static let prefixSize = 8

  /// How files of each kind begin; `nil` stands for any byte.
  private static let beginnings: [(format: ImageFormat, bytes: [UInt8?])] = [
    (.jpeg, [0xFF, 0xD8, 0xFF]),
    (.png, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]),
    (.gif, Array("GIF8".utf8)),
    (.tiff, [0x49, 0x49, 0x2A, 0x00]),
    (.tiff, [0x4D, 0x4D, 0x00, 0x2A]),
    (.webp, Array("RIFF".utf8)),
    (.avif, [nil, nil, nil, nil] + Array("ftyp".utf8)),
    (.jpegXL, [0x00, 0x00, 0x00, 0x0C] + Array("JXL ".utf8)),
    (.jpeg2000, [0x00, 0x00, 0x00, 0x0C] + Array("jP  ".utf8)),
    (.bmp, Array("BM".utf8)),
  ]

  /// The endings of images' names: torchvision's list, and what it passes over without a word.
  private static let endings: Set<String> = [
    "jpg", "jpeg", "png", "ppm", "bmp", "pgm", "tif", "tiff", "webp",
    "jpe", "jfif", "jif", "gif", "avif", "heic", "heif", "jxl", "jp2", "apng",
  ]

  /// Finds the format that begins with these bytes.
  init?(firstBytes: [UInt8]) {
    let found = Self.beginnings.first { _, bytes in
      firstBytes.count >= bytes.count
        && zip(bytes, firstBytes).allSatisfy { $0 == nil || $0 == $1 }
    }
    guard let found else { return nil }
    self = found.format
  }

  /// Finds the format of a file; `nil` too if it cannot be read.
  init?(fileAt path: String) {
    guard let file = try? FileDescriptor.reading(path) else { return nil }
    var bytes = [UInt8](repeating: 0, count: Self.prefixSize)
    guard let count = try? file.read(into: &bytes, path: path) else { return nil }
    self.init(firstBytes: Array(bytes.prefix(count)))
  }

  /// Whether a file is meant as an image: by the ending of its name, or by its content.
  ///
  /// Images of other kinds than JPEG and PNG count, so that they are reported as broken and not
  /// missed.
  static func isImage(name: String, path: String) -> Bool {
    let bytes = Array(name.utf8)
    if let dot = bytes.lastIndex(of: UInt8(ascii: ".")) {
      let ending = String(decoding: bytes[(dot + 1)...], as: UTF8.self)
      if endings.contains(ending.lowercased()) { return true }
    }
    return ImageFormat(fileAt: path)?.isCertain ?? false
  }

  /// Whether hardly any other file begins so; many begin with the two letters of BMP.
  var isCertain: Bool { self != .bmp }
}
