import ModelFiles

/// The packed data set: a safetensors file of `images` (U8) and `labels` (I32) with metadata.
///
/// Metadata is optional, so that files of other writers are read; a version that is there must be
/// known.
enum PackedFormat {
  /// The value of ``versionKey`` that is written and read.
  static let version = "images-1"
  static let versionKey = "elsa.format"
  static let preprocessingKey = "preprocessing"
  static let classesKey = "classes"
  static let classNamesKey = "classNames"
  static let sourcesKey = "sources"
  static let skippedKey = "skippedImages"
}

extension ImageSet {
  /// Opens a packed data set, its pixels mapped into memory.
  package init(packedFile path: String) throws(ImageDataError) {
    let file: SafetensorsFile
    do {
      file = try SafetensorsFile(path: path)
    } catch {
      // Anyone who gives an image means another thing than a damaged set.
      if let format = ImageFormat(fileAt: path), format.isCertain {
        throw .notADataSet(path: path, found: format)
      }
      throw .file(error)
    }
    try self.init(packed: file)
  }

  /// Reads a packed data set from an open file.
  package init(packed file: SafetensorsFile) throws(ImageDataError) {
    do throws(PackedFault) {
      try self.init(checking: file)
    } catch {
      throw .invalidPackedFile(path: file.path, fault: error)
    }
  }

  private init(checking file: SafetensorsFile) throws(PackedFault) {
    let version = file.metadata[PackedFormat.versionKey] ?? PackedFormat.version
    guard version == PackedFormat.version else { throw .unknownVersion(version) }
    guard let entry = file.tensors["images"], entry.elementType == .uint8,
      entry.shape.count == 4, entry.shape[3] == 1 || entry.shape[3] == 3
    else { throw .wrongImages(found: Self.description(of: file.tensors["images"])) }
    guard entry.count > 0 else { throw .noImages }
    let labels = try Self.labels(file, count: entry.shape[0])
    let classNames = try Self.classNames(file.metadata)
    if let text = file.metadata[PackedFormat.classesKey] {
      guard let classes = Int(text), classes > 0, (labels.max() ?? 0) < classes else {
        throw .invalidMetadata(key: PackedFormat.classesKey, value: text)
      }
    }
    self.init(
      mapping: file, images: entry,
      imageSize: ImageSize(
        height: entry.shape[1], width: entry.shape[2], channels: entry.shape[3]),
      labels: labels, classNames: classNames,
      preprocessing: file.metadata[PackedFormat.preprocessingKey])
  }

  private static func labels(_ file: SafetensorsFile, count: Int) throws(PackedFault) -> [Int] {
    guard let entry = file.tensors["labels"], entry.shape == [count],
      entry.elementType == .int32 || entry.elementType == .int64,
      let labels = try? file.integers("labels").values
    else { throw .wrongLabels(found: description(of: file.tensors["labels"])) }
    if let index = labels.firstIndex(where: { !(0...Int(Int32.max)).contains($0) }) {
      throw .impossibleLabel(index: index, label: labels[index])
    }
    return labels
  }

  private static func classNames(_ metadata: [String: String]) throws(PackedFault) -> [String]? {
    guard let text = metadata[PackedFormat.classNamesKey] else { return nil }
    let fault = PackedFault.invalidMetadata(
      key: PackedFormat.classNamesKey, value: String(text.prefix(80)))
    guard case .array(let values)? = try? JSONParser.parse(Array(text.utf8)) else { throw fault }
    var names: [String] = []
    for value in values {
      guard case .string(let name) = value else { throw fault }
      names.append(name)
    }
    return names
  }

  private static func description(of entry: TensorEntry?) -> String {
    entry.map { "\($0.elementType) \($0.shape)" } ?? "missing"
  }
}
