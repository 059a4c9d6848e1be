/// Why one image cannot be used.
package enum ImageFault: Error, Hashable, Sendable {
  /// The file cannot be read.
  case unreadable(reason: String)
  /// The first bytes are those of no format that is read.
  case unknownFormat(firstBytes: [UInt8])
  /// The image has more pixels than are decoded.
  case tooManyPixels(width: Int, height: Int, pixelsMax: Int)
  /// Decoding the image would take more memory than all threads together may.
  case tooMuchMemory(neededBytes: Int, limitBytes: Int)
  /// The content is damaged; the decoder's words say how.
  case damaged(reason: String)
}

extension ImageFault: CustomStringConvertible {
  /// The fault as text.
  package var description: String {
    switch self {
    case .unreadable(let reason):
      "cannot be read: \(reason)"
    case .unknownFormat(let firstBytes) where firstBytes.isEmpty:
      "is empty"
    case .unknownFormat(let firstBytes) where ImageFormat(firstBytes: firstBytes) != nil:
      "is \(ImageFormat(firstBytes: firstBytes)?.rawValue ?? ""); only JPEG and PNG are read"
    case .unknownFormat(let firstBytes):
      "is neither JPEG nor PNG; it begins with the bytes \(firstBytes)"
    case .tooManyPixels(let width, let height, let pixelsMax):
      "has \(width)×\(height) pixels; at most \(pixelsMax) are decoded"
    case .tooMuchMemory(let neededBytes, let limitBytes):
      "takes \(neededBytes) bytes of memory to decode; at most \(limitBytes) are used"
    case .damaged(let reason):
      "is damaged: \(reason)"
    }
  }
}

/// An image that could not be used, by its name in the data set.
package struct BrokenImage: Hashable, Sendable {
  /// The image's path below the data set's folder.
  package let name: String
  /// What is wrong with it.
  package let fault: ImageFault

  /// Creates the record of a broken image.
  package init(name: String, fault: ImageFault) {
    self.name = name
    self.fault = fault
  }
}

extension BrokenImage: CustomStringConvertible {
  /// Name and fault as text.
  package var description: String { "\(name) \(fault)" }
}
