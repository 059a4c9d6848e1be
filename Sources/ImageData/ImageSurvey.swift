import ContentHashing
import ModelFiles
import NetworkArchitectures
import SparsityCore

/// What a look at all images of a source found; only hashes and a few images are kept.
package struct ImageSurvey: Sendable {
  /// The images that can be used.
  package let count: Int
  /// The images that cannot, in the order of the source.
  package let broken: [BrokenImage]
  /// The SHA-256 of each usable image's pixels, in order.
  package let pixelHashes: [ContentHash]
  /// Some of the usable images, from all parts of the source.
  package let sample: ImageSet
  /// The class of each usable image.
  let labels: [Int]
  /// The bytes of all usable images as pixels.
  package let pixelBytes: Int
  /// Whether the source is a packed set, whose pixels are used as they are.
  package let isPacked: Bool
  /// How class folders became labels, if they did.
  package let assignment: ClassAssignment?
  /// The files of the source that are no images by name or content.
  package let otherFiles: [String]
}

/// Decodes every image of a source as a run would, and keeps none but a sample.
///
/// - Parameters:
///   - classes: The classes that labels must mean; `nil` if labels are not used. The labels of a
///     packed set are outputs already.
///   - sampleCount: How many images are kept, about.
///   - progress: Called by one thread at a time.
package func surveyImages(
  path: String, preprocessing: Preprocessing, classes: ModelClasses?, threads: Int,
  sampleCount: Int, progress: ImageProgress = { _, _ in }
) throws(ImageDataError) -> ImageSurvey {
  precondition(sampleCount > 0)
  guard FolderWalk.isFolder(path) else {
    let set = try loadImages(
      path: path, preprocessing: preprocessing, classes: nil, threads: threads
    ).set
    let step = max(1, set.count / sampleCount)
    return ImageSurvey(
      count: set.count, broken: [], pixelHashes: set.pixelHashes(threads: threads),
      sample: set.subset(Array(stride(from: 0, to: set.count, by: step))), labels: set.labels,
      pixelBytes: set.count * set.imageSize.pixelCount, isPacked: true,
      assignment: nil, otherFiles: [])
  }
  let (listing, assignment) = try ImageListing.assigned(folder: path, classes)
  let images = listing.images
  let step = max(1, images.count / sampleCount)
  var hashes: [ContentHash] = []
  var labels: [Int] = []
  var broken: [BrokenImage] = []
  var kept: [(pixels: [UInt8], label: Int)] = []
  for start in stride(from: 0, to: images.count, by: surveyBlockSize) {
    let block = images[start..<min(start + surveyBlockSize, images.count)]
    let results = parallelMap(
      count: block.count, threads: threads, finished: { progress(start + $0, images.count) },
      transform: { preparedFile(block[start + $0].path, preprocessing, memory: .decoding) })
    for (index, result) in zip(block.indices, results) {
      switch result {
      case .success(let file):
        hashes.append(ContentHash(of: file.pixels.span))
        labels.append(images[index].label)
        if index % step == 0 { kept.append((file.pixels, images[index].label)) }
      case .failure(let fault):
        broken.append(BrokenImage(name: images[index].name, fault: fault))
      }
    }
  }
  guard !kept.isEmpty else {
    throw .brokenImages(path: path, total: images.count, images: broken)
  }
  return ImageSurvey(
    count: hashes.count, broken: broken, pixelHashes: hashes,
    sample: ImageSet(
      name: path, imageSize: preprocessing.imageSize, images: kept.map(\.pixels),
      labels: kept.map(\.label), classNames: listing.classNames,
      preprocessing: preprocessing.description),
    labels: labels, pixelBytes: hashes.count * preprocessing.pixelCount, isPacked: false,
    assignment: assignment, otherFiles: listing.otherFiles)
}

extension ImageSurvey {
  /// Throws unless a model of this input and these classes can be evaluated on the images.
  package func checkFits(_ network: Network) throws(ImageDataError) {
    try sample.checkFits(network)
    if let index = labels.firstIndex(where: { $0 >= network.classes }) {
      throw .labelOutOfRange(
        set: sample.name, index: index, label: labels[index], classes: network.classes)
    }
  }
}

/// The images that are decoded before their pixels are dropped: the bound of the memory.
private let surveyBlockSize = 256
