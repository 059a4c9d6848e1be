import Evaluation
import Foundation
import ImageData
import ModelFiles
import ProcessLimits
import RunFiles
import RunStorage
import SparsityCore
import TextReports
import WireProtocol

/// The image sets of a run, packed and checked.
struct RunImages {
  /// The set that candidates are measured on; `nil` if only evaluators read the images.
  let search: RunInput?
  /// The images of that set.
  let searchCount: Int

  /// Packs the sets of a new run, or finds those that an earlier start packed.
  ///
  /// - Throws: ``TextReports/ExplainedError`` if sets share images or do not fit the model.
  ///
  /// - Parameter continuation: The run that goes on; `nil` for a new one.
  init(
    runFile: RunFile, model: LoadedModel, directory: LockedRunDirectory,
    continuation: RunContinuation?, observer: WorkObserver
  ) throws {
    let threads = AllowedProcessors.current.count
    let packer = RunImagePacker(
      runFile: runFile, model: model, directory: directory.files, threads: threads,
      observer: observer)
    try packer.pack(continuation == nil ? .all : .missingHeldOut)
    guard let searchPath = packer.searchPath else {
      self.init(counted: runFile)
      return
    }
    let search = try ImageSet(packedFile: searchPath)
    try search.checkFits(model.weights.network)
    for (set, path) in packer.heldOutPaths {
      let images = try ImageSet(packedFile: path)
      try images.checkFits(model.weights.network)
      if continuation?.otherHeldOutSets.contains(set) ?? true, !runFile.data.allowsOverlap {
        try Self.checkDisjoint(search, images, of: set, threads: threads)
      }
    }
    self.init(
      search: RunInput(path: searchPath, content: search.contentHash(threads: threads)),
      searchCount: search.count)
  }

  private init(search: RunInput?, searchCount: Int) {
    self.search = search
    self.searchCount = searchCount
  }

  /// Takes the number of images that only evaluators read.
  init(counted runFile: RunFile) {
    guard case .counted(let count) = runFile.data.images else {
      preconditionFailure("images with a path are packed")
    }
    self.init(search: nil, searchCount: count)
  }

  private static func checkDisjoint(
    _ search: ImageSet, _ images: ImageSet, of set: HeldOutSet, threads: Int
  ) throws {
    let shared = ImageSet.identicalImages(search, images, threads: threads)
    guard let first = shared.first else { return }
    let name = set.rawValue
    throw ExplainedError(
      "search and \(name) set share \(counted(shared.count, "image")) (the first: search image "
        + "\(first.first), \(name) image \(first.second))",
      nextStep: "remove them from one set; or, to select on the \(name) set knowingly, "
        + "write allowOverlap: true under data")
  }
}
