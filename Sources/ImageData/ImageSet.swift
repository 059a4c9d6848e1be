import ContentHashing
import ModelFiles
import NetworkArchitectures
import SparsityCore

/// The size of an image and the channels of a pixel.
package struct ImageSize: Hashable, Sendable {
  /// The rows.
  package let height: Int
  /// The pixels of a row.
  package let width: Int
  /// The channels of a pixel: 1 (grey) or 3 (red, green, blue).
  package let channels: Int

  package init(height: Int, width: Int, channels: Int) {
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// The bytes of an image.
  package var pixelCount: Int { height * width * channels }
}

extension ImageSize: CustomStringConvertible {
  /// The size as height×width×channels.
  package var description: String { "\(height)×\(width)×\(channels)" }
}

/// Labelled images of one size, ready for a model: in memory, or mapped from a packed file.
///
/// Copies and subsets share the pixels.
package struct ImageSet: Sendable {
  /// The place it came from, for messages.
  package let name: String
  /// The size of each image.
  package let imageSize: ImageSize
  /// The class of each image.
  package let labels: [Int]
  /// The names of the classes, where the source has them.
  package let classNames: [String]?
  /// How the pixels were made, in the words of ``ModelFiles/Preprocessing``, where it is known.
  package let preprocessing: String?
  private let storage: Storage
  /// Where each image lies in the storage.
  private let positions: [Int]

  /// Where the pixels are.
  private enum Storage: Sendable {
    case mapped(SafetensorsFile, TensorEntry)
    case memory([[UInt8]])
  }

  /// Creates a set of images in memory.
  ///
  /// - Precondition: Each image has the bytes of `imageSize`, and there are as many labels.
  package init(
    name: String, imageSize: ImageSize, images: [[UInt8]], labels: [Int],
    classNames: [String]? = nil, preprocessing: String? = nil
  ) {
    precondition(images.count == labels.count)
    precondition(images.allSatisfy { $0.count == imageSize.pixelCount })
    precondition(labels.allSatisfy { $0 >= 0 })
    self.name = name
    self.imageSize = imageSize
    self.labels = labels
    self.classNames = classNames
    self.preprocessing = preprocessing
    self.storage = .memory(images)
    self.positions = Array(images.indices)
  }

  /// Creates a set over the images of a checked packed file.
  init(
    mapping file: SafetensorsFile, images: TensorEntry, imageSize: ImageSize, labels: [Int],
    classNames: [String]?, preprocessing: String?
  ) {
    precondition(images.byteRange.count == labels.count * imageSize.pixelCount)
    self.name = file.path
    self.imageSize = imageSize
    self.labels = labels
    self.classNames = classNames
    self.preprocessing = preprocessing
    self.storage = .mapped(file, images)
    self.positions = Array(labels.indices)
  }

  private init(of set: ImageSet, name: String, indices: [Int]) {
    self.name = name
    self.imageSize = set.imageSize
    self.labels = indices.map { set.labels[$0] }
    self.classNames = set.classNames
    self.preprocessing = set.preprocessing
    self.storage = set.storage
    self.positions = indices.map { set.positions[$0] }
  }

  /// The number of images.
  package var count: Int { labels.count }

  /// Lends the pixels of an image: rows from the top, channels of a pixel side by side.
  package func withPixels<Result, Failure: Error>(
    at index: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let position = positions[index]
    switch storage {
    case .memory(let images):
      let pixels = images[position]
      return try body(pixels.span)
    case .mapped(let file, let entry):
      let start = position * imageSize.pixelCount
      return try file.withBytes(of: entry) { (bytes) throws(Failure) in
        try body(bytes.extracting(start..<start + imageSize.pixelCount))
      }
    }
  }

  /// Copies the pixels of images one after the other to the start of `target`.
  ///
  /// - Precondition: `target` has room for all of them.
  package func copyPixels(of indices: some Collection<Int>, into target: inout MutableSpan<UInt8>) {
    let size = imageSize.pixelCount
    precondition(target.count >= indices.count * size)
    var offset = 0
    for index in indices {
      withPixels(at: index) { pixels in
        unsafe target.withUnsafeMutableBufferPointer { target in
          unsafe pixels.withUnsafeBufferPointer { pixels in
            let place = target.extracting(offset..<offset + size)
            _ = unsafe place.update(fromContentsOf: pixels)
          }
        }
      }
      offset += size
    }
  }

  /// Returns the images at these indices, in this order.
  package func subset(_ indices: [Int], name: String? = nil) -> ImageSet {
    precondition(indices.allSatisfy { labels.indices.contains($0) })
    return ImageSet(of: self, name: name ?? self.name, indices: indices)
  }

  /// Throws unless the images have the size that a model expects.
  package func checkSize(_ input: NetworkInput) throws(ImageDataError) {
    let expected = ImageSize(
      height: input.size.height, width: input.size.width, channels: input.channels)
    guard imageSize == expected else {
      throw .wrongImageSize(set: name, found: imageSize, expected: expected)
    }
  }

  /// Throws unless a model of this input and these classes can be evaluated on the set.
  package func checkFits(_ network: Network) throws(ImageDataError) {
    try checkSize(network.input)
    if let classNames,
      classNames.count != network.classes || ClassMismatch.areSets(classNames)
    {
      throw .otherClasses(
        ClassMismatch(set: name, folders: classNames, outputs: network.classes))
    }
    if let index = labels.firstIndex(where: { $0 >= network.classes }) {
      throw .labelOutOfRange(
        set: name, index: index, label: labels[index], classes: network.classes)
    }
  }
}
