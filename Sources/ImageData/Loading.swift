import ContentHashing
import Foundation
import ModelFiles
import SparsityCore

/// A data set that was loaded, and the images of its source that could not be.
public struct LoadedImages: Sendable {
  /// The images that could be used.
  public let set: ImageSet
  /// The images that could not, in the order of the source.
  public let broken: [BrokenImage]
}

/// How many images are done, of how many.
public typealias ImageProgress = @Sendable (_ finished: Int, _ total: Int) -> Void

/// Loads a packed file, a folder of class folders, or a folder with images and `labels.txt`.
///
/// Images of a folder are decoded by several threads and kept in memory; a packed file is mapped
/// and not preprocessed again. Broken images are left out and returned: the caller reports them.
///
/// - Parameters:
///   - memoryLimitBytes: The most memory that the decoded images of a folder may take.
///   - progress: Called by one thread at a time.
public func loadImages(
  path: String, preprocessing: Preprocessing, threads: Int, memoryLimitBytes: Int = 4 << 30,
  progress: ImageProgress = { _, _ in }
) throws(ImageDataError) -> LoadedImages {
  var isFolder: ObjCBool = false
  guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
    throw .notFound(path: path)
  }
  guard isFolder.boolValue else {
    return LoadedImages(set: try ImageSet(packedFile: path), broken: [])
  }
  let listing = try ImageListing(folder: path)
  let needed = listing.images.count * preprocessing.pixelCount
  guard needed <= memoryLimitBytes else {
    throw .tooLarge(path: path, neededBytes: needed, limitBytes: memoryLimitBytes)
  }
  let total = listing.images.count
  let results = parallelMap(
    count: total, threads: threads, finished: { progress($0, total) },
    transform: { preparedFile(listing.images[$0], preprocessing) })
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
  return LoadedImages(set: set, broken: broken)
}

/// The pixels of an image file and the hash of the file.
struct PreparedFile: Sendable {
  let pixels: [UInt8]
  let fileHash: ContentHash
}

/// Reads, decodes and prepares an image file.
func preparedFile(_ image: LabelledImage, _ preprocessing: Preprocessing)
  -> Result<PreparedFile, ImageFault>
{
  do throws(ImageFault) {
    let bytes: [UInt8]
    do {
      bytes = try readFile(image.path, limitBytes: imageFileSizeMax)
    } catch {
      throw .unreadable(reason: error.description)
    }
    let pixels = try preparedPixels(bytes.span, preprocessing)
    return .success(PreparedFile(pixels: pixels, fileHash: ContentHash(of: bytes.span)))
  } catch {
    return .failure(error)
  }
}

extension Preprocessing {
  /// The size of a prepared image.
  var imageSize: ImageSize { ImageSize(height: cropSize, width: cropSize, channels: channels) }
}
