import ContentHashing
import ModelFiles
import SparsityCore

/// A data set that was loaded, and the images of its source that could not be.
package struct LoadedImages: Sendable {
  /// The images that could be used.
  package let set: ImageSet
  /// The images that could not, in the order of the source.
  package let broken: [BrokenImage]
  /// How class folders became labels, if they did.
  package let assignment: ClassAssignment?
  /// The files of the source that are no images by name or content.
  package let otherFiles: [String]
}

/// How many images are done, of how many.
package typealias ImageProgress = @Sendable (_ finished: Int, _ total: Int) -> Void

/// Loads a packed file, a folder of class folders, or a folder with images and `labels.txt`.
///
/// Images of a folder are decoded by several threads and kept in memory; a packed file is mapped
/// and not preprocessed again. Broken images are left out and returned: the caller reports them.
///
/// - Parameters:
///   - classes: The classes that labels must mean; `nil` if labels are not used.
///   - memoryLimitBytes: The most memory that the decoded images of a folder may take.
///   - progress: Called by one thread at a time.
package func loadImages(
  path: String, preprocessing: Preprocessing, classes: ModelClasses?, threads: Int,
  memoryLimitBytes: Int = 4 << 30, progress: ImageProgress = { _, _ in }
) throws(ImageDataError) -> LoadedImages {
  guard FolderWalk.exists(path) else { throw .notFound(path: path) }
  guard FolderWalk.isFolder(path) else {
    if let map = classes?.map { throw .needlessClassMap(path: map.path, set: path) }
    let set = try ImageSet(packedFile: path)
    return LoadedImages(set: set, broken: [], assignment: nil, otherFiles: [])
  }
  let (listing, assignment) = try ImageListing.assigned(folder: path, classes)
  let needed = listing.images.count * preprocessing.pixelCount
  guard needed <= memoryLimitBytes else {
    throw .tooLarge(path: path, neededBytes: needed, limitBytes: memoryLimitBytes)
  }
  let total = listing.images.count
  let files = listing.images
  let results = parallelMap(
    count: total, threads: threads, finished: { progress($0, total) },
    transform: { preparedFile(files[$0].path, preprocessing, memory: .decoding) })
  var images: [[UInt8]] = []
  var labels: [Int] = []
  var broken: [BrokenImage] = []
  for (image, result) in zip(listing.images, results) {
    switch result {
    case .success(let file):
      images.append(file.pixels)
      labels.append(image.label)
    case .failure(let fault):
      broken.append(BrokenImage(name: image.name, fault: fault))
    }
  }
  guard !images.isEmpty else {
    throw .brokenImages(path: path, total: total, images: broken)
  }
  let set = ImageSet(
    name: path, imageSize: preprocessing.imageSize, images: images, labels: labels,
    classNames: listing.classNames, preprocessing: preprocessing.description)
  return LoadedImages(
    set: set, broken: broken, assignment: assignment, otherFiles: listing.otherFiles)
}

/// The pixels of an image file and the hash of the file.
package struct PreparedFile: Sendable {
  package let pixels: [UInt8]
  let fileHash: ContentHash
}

/// Reads, decodes and prepares an image file, with a share of the memory for decoding.
package func preparedFile(
  _ path: String, _ preprocessing: Preprocessing, memory: MemoryBudget
) -> Result<PreparedFile, ImageFault> {
  do throws(ImageFault) {
    var share = try fileSize(path)
    while true {
      switch try preparedFile(path, preprocessing, share: share, of: memory) {
      case .done(let file): return .success(file)
      // The file is read again, because nobody may wait while he holds a share.
      case .needs(let bytes): share = bytes
      }
    }
  } catch {
    return .failure(error)
  }
}

/// What came of an attempt to prepare a file with a share of memory.
private enum Attempt {
  case done(PreparedFile)
  /// The share is too small, and the rest was not to be had at once.
  case needs(Int)
}

private func fileSize(_ path: String) throws(ImageFault) -> Int {
  do {
    return try FileDescriptor.reading(path).size(path: path)
  } catch {
    throw .unreadable(reason: error.description)
  }
}

private func preparedFile(
  _ path: String, _ preprocessing: Preprocessing, share: Int, of memory: MemoryBudget
) throws(ImageFault) -> Attempt {
  func checkNeed(_ bytes: Int) throws(ImageFault) {
    guard bytes <= memory.capacityBytes else {
      throw .tooMuchMemory(neededBytes: bytes, limitBytes: memory.capacityBytes)
    }
  }
  try checkNeed(share)
  memory.take(share)
  var held = share
  defer { memory.giveBack(held) }
  let bytes: [UInt8]
  do {
    // A file that has grown since is read with a larger share.
    bytes = try readFile(path, limitBytes: min(imageFileSizeMax, max(share, 1)))
  } catch {
    if case .tooLarge(_, let size, _) = error, size <= imageFileSizeMax { return .needs(size) }
    throw .unreadable(reason: error.description)
  }
  let needed = try decodingBytes(bytes.span, channels: preprocessing.channels)
  try checkNeed(needed)
  if needed > share {
    guard memory.grow(by: needed - share) else { return .needs(needed) }
    held = needed
  }
  let pixels = try preparedPixels(bytes.span, preprocessing)
  return .done(PreparedFile(pixels: pixels, fileHash: ContentHash(of: bytes.span)))
}

extension Preprocessing {
  /// The size of a prepared image.
  var imageSize: ImageSize {
    ImageSize(height: cropSize.height, width: cropSize.width, channels: channels)
  }
}
