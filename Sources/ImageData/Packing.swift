import ContentHashing
import ModelFiles
import SparsityCore

/// What packing did.
package struct PackingReport: Sendable {
  /// The packed images.
  package let imageCount: Int
  /// The images that were left out.
  package let broken: [BrokenImage]
  /// The size of the packed file.
  package let bytes: Int
  /// The hash of the sources' names and contents.
  package let sourceHash: ContentHash
  /// How class folders became labels, if they did.
  package let assignment: ClassAssignment?
  /// The files of the source that are no images by name or content.
  package let otherFiles: [String]
}

/// Decodes, resizes and crops the images of a folder once and writes them as a packed data set.
///
/// The images go to disk as they are decoded, so a set may be larger than memory. The same source
/// gives the same bytes, whatever the number of threads. The file appears when it is complete.
///
/// - Parameters:
///   - classes: The classes that labels mean.
///   - requiresClasses: Whether class folders that cannot be classes of the model are an error;
///     otherwise they are numbered as they come, for a set that may serve to calibrate.
///   - skipBroken: Whether broken images may be left out; otherwise they are an error that lists
///     all of them.
///   - progress: Called by one thread at a time.
package func pack(
  source: String, output: String, preprocessing: Preprocessing, classes: ModelClasses,
  requiresClasses: Bool, threads: Int, skipBroken: Bool = false,
  progress: ImageProgress = { _, _ in }
) throws(ImageDataError) -> PackingReport {
  if FolderWalk.exists(source), !FolderWalk.isFolder(source),
    (try? ImageSet(packedFile: source)) != nil
  {
    throw .packedAlready(path: source)
  }
  var listing = try ImageListing(folder: source)
  let assignment = try listing.assign(classes)
  if requiresClasses, case .none(let mismatch)? = assignment { throw .otherClasses(mismatch) }
  var packer = try Packer(listing: listing, output: output, preprocessing: preprocessing)
  try packer.writeImages(threads: threads, progress: progress)
  guard packer.broken.isEmpty || (skipBroken && !packer.labels.isEmpty) else {
    throw .brokenImages(path: source, total: listing.images.count, images: packer.broken)
  }
  return try packer.finish(assignment)
}

/// Writes a packed file: images as they come, then labels and header into the room left for them.
///
/// The format wants the header first and no holes, but how many images are good is known last. So
/// the labels lie directly before the images, the header directly before the labels, and the
/// header's padding takes up the room of labels that are not needed.
private struct Packer {
  private let listing: ImageListing
  private let preprocessing: Preprocessing
  private let file: AtomicFile
  /// Where the first image begins in the file.
  private let imagesStart: Int
  private(set) var labels: [Int32] = []
  private(set) var broken: [BrokenImage] = []
  private var sourceHasher = ContentHasher()

  /// The images that are decoded before they are written: the bound of the memory.
  private static let blockSize = 256

  init(listing: ImageListing, output: String, preprocessing: Preprocessing)
    throws(ImageDataError)
  {
    let count = listing.images.count
    let header = Self.header(
      count: count, skipped: count, listing: listing, preprocessing: preprocessing,
      sourceHash: ContentHasher().finalized())
    guard let header else {
      throw .file(
        .headerTooLarge(
          path: output, headerBytes: .max, limitBytes: SafetensorsHeader.sizeMax))
    }
    self.listing = listing
    self.preprocessing = preprocessing
    self.imagesStart = header.count + 4 * count
    self.file = try withFileErrors { () throws(ModelFileError) in try AtomicFile(path: output) }
  }

  /// Decodes all images and writes the good ones.
  mutating func writeImages(threads: Int, progress: ImageProgress) throws(ImageDataError) {
    let total = listing.images.count
    for start in stride(from: 0, to: total, by: Self.blockSize) {
      let block = listing.images[start..<min(start + Self.blockSize, total)]
      let preprocessing = preprocessing
      let results = parallelMap(
        count: block.count, threads: threads, finished: { progress(start + $0, total) },
        transform: { preparedFile(block[start + $0].path, preprocessing, memory: .decoding) })
      for (image, result) in zip(block, results) { try append(image, result) }
    }
  }

  private mutating func append(_ image: LabelledImage, _ result: Result<PreparedFile, ImageFault>)
    throws(ImageDataError)
  {
    switch result {
    case .failure(let fault):
      broken.append(BrokenImage(name: image.name, fault: fault))
    case .success(let prepared):
      precondition(prepared.pixels.count == preprocessing.pixelCount)
      let offset = imagesStart + labels.count * preprocessing.pixelCount
      let file = file
      try withFileErrors { () throws(ModelFileError) in
        try file.write(prepared.pixels.span, at: offset)
      }
      labels.append(Int32(image.label))
      sourceHasher.update(image.name)
      sourceHasher.update(prepared.fileHash)
    }
  }

  /// Writes labels and header and gives the file its name.
  func finish(_ assignment: ClassAssignment?) throws(ImageDataError) -> PackingReport {
    let labelBytes = littleEndianBytes(labels)
    let headerSize = imagesStart - labelBytes.count
    let sourceHash = sourceHasher.finalized()
    let header = Self.header(
      count: labels.count, skipped: broken.count, listing: listing, preprocessing: preprocessing,
      sourceHash: sourceHash, size: headerSize)
    guard let header else { preconditionFailure("the final header fits the room left for it") }
    try withFileErrors { () throws(ModelFileError) in
      try file.write(header.span, at: 0)
      try file.write(labelBytes.span, at: headerSize)
      try file.commit()
    }
    return PackingReport(
      imageCount: labels.count, broken: broken,
      bytes: imagesStart + labels.count * preprocessing.pixelCount, sourceHash: sourceHash,
      assignment: assignment, otherFiles: listing.otherFiles)
  }

  private static func header(
    count: Int, skipped: Int, listing: ImageListing, preprocessing: Preprocessing,
    sourceHash: ContentHash, size: Int? = nil
  ) -> [UInt8]? {
    var metadata = [
      PackedFormat.versionKey: PackedFormat.version,
      PackedFormat.preprocessingKey: preprocessing.description,
      PackedFormat.sourcesKey: sourceHash.description,
      PackedFormat.skippedKey: String(skipped),
    ]
    if let names = listing.classNames {
      metadata[PackedFormat.classesKey] = String(names.count)
      metadata[PackedFormat.classNamesKey] =
        "[" + names.map(JSONValue.quoted).joined(separator: ",") + "]"
    }
    let crop = preprocessing.cropSize
    let labels = TensorEntry(elementType: .int32, shape: [count], byteRange: 0..<4 * count)
    let images = TensorEntry(
      elementType: .uint8, shape: [count, crop.height, crop.width, preprocessing.channels],
      byteRange: 4 * count..<4 * count + count * preprocessing.pixelCount)
    return SafetensorsHeader.encoded(
      [("labels", labels), ("images", images)], metadata: metadata, size: size)
  }
}

/// Runs `body` and passes on its errors as errors of a data set.
private func withFileErrors<Value>(_ body: () throws(ModelFileError) -> Value)
  throws(ImageDataError) -> Value
{
  do {
    return try body()
  } catch {
    throw .file(error)
  }
}
