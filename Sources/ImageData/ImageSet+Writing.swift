import ModelFiles

extension ImageSet {
  /// Writes the set as a packed file, image by image; the file appears when it is complete.
  ///
  /// - Complexity: O(*n*), where *n* is the number of bytes of all images; memory for one image.
  package func write(toPackedFile path: String) throws(ImageDataError) {
    guard count > 0 else { throw .noImages(path: name) }
    do throws(ModelFileError) {
      try writePacked(to: path)
    } catch {
      throw .file(error)
    }
  }

  private func writePacked(to path: String) throws(ModelFileError) {
    let labelBytes = labels.flatMap { label in
      (0..<4).map { UInt8(truncatingIfNeeded: label >> (8 * $0)) }
    }
    let imagesEnd = labelBytes.count + count * imageSize.pixelCount
    let entries = [
      ("labels", TensorEntry(elementType: .int32, shape: [count], byteRange: 0..<labelBytes.count)),
      (
        "images",
        TensorEntry(
          elementType: .uint8,
          shape: [count, imageSize.height, imageSize.width, imageSize.channels],
          byteRange: labelBytes.count..<imagesEnd)
      ),
    ]
    guard let header = SafetensorsHeader.encoded(entries, metadata: packedMetadata) else {
      throw .headerTooLarge(
        path: path, headerBytes: .max, limitBytes: SafetensorsHeader.sizeMax)
    }
    let file = try AtomicFile(path: path)
    try file.write(header.span, at: 0)
    try file.write(labelBytes.span, at: header.count)
    let start = header.count + labelBytes.count
    for index in 0..<count {
      try withPixels(at: index) { (pixels) throws(ModelFileError) in
        try file.write(pixels, at: start + index * imageSize.pixelCount)
      }
    }
    try file.commit()
  }

  private var packedMetadata: [String: String] {
    var metadata = [PackedFormat.versionKey: PackedFormat.version]
    metadata[PackedFormat.preprocessingKey] = preprocessing
    if let classNames {
      metadata[PackedFormat.classesKey] = String(classNames.count)
      metadata[PackedFormat.classNamesKey] =
        "[" + classNames.map(JSONValue.quoted).joined(separator: ",") + "]"
    }
    return metadata
  }
}
