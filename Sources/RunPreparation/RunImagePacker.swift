import Evaluation
import Foundation
import ImageData
import ModelFiles
import RunFiles
import RunStorage
import TextReports

/// Where a run's packed sets lie, and how they get there.
package struct RunImagePacker {
  let runFile: RunFile
  let model: LoadedModel
  let directory: RunDirectory
  let threads: Int
  let observer: WorkObserver

  /// The packed set that candidates are measured on; `nil` if only evaluators read the images.
  var searchPath: String? {
    switch runFile.data.images {
    case .sets(let search, _): Self.isFile(search) ? search : directory.searchSet
    case .split: directory.searchSet
    case .counted: nil
    }
  }

  /// The packed held-out sets of the run.
  var heldOutPaths: [(set: HeldOutSet, path: String)] {
    HeldOutSet.allCases.compactMap { set in
      Self.path(of: set, of: runFile, in: directory).map { (set, $0) }
    }
  }

  /// Returns a packed held-out set of a run, if it has one.
  package static func path(
    of set: HeldOutSet, of runFile: RunFile, in directory: RunDirectory
  ) -> String? {
    switch runFile.data.images {
    case .sets(_, let heldOut): heldOut[set].map { isFile($0) ? $0 : directory.packed(set) }
    case .split(_, _, let heldOut, _): heldOut[set].map { _ in directory.packed(set) }
    case .counted: nil
    }
  }

  /// Throws unless all that a run file names as images is there; of a run that goes on, what it
  /// will still read.
  static func checkSources(
    of runFile: RunFile, in directory: RunDirectory, resuming: Bool
  ) throws {
    var named: [(key: String, path: String)] = []
    switch runFile.data.images {
    case .sets(let search, let heldOut):
      if !resuming { named.append(("data.search", search)) }
      for (set, path) in heldOut where !resuming || !isThere(directory.packed(set)) {
        named.append(("data.\(set.rawValue)", path))
      }
    case .split(let images, _, let heldOut, _):
      if !resuming || heldOut.keys.contains(where: { !isThere(directory.packed($0)) }) {
        named.append(("data.images", images))
      }
    case .counted: break
    }
    if let calibration = runFile.data.calibration, !isThere(directory.bank) {
      named.append(("data.calibration", calibration))
    }
    for (key, path) in named where !isThere(path) {
      throw ExplainedError(
        "\(key) of the run file is \(path), which is not there",
        nextStep: "name a folder of images or a packed set")
    }
  }

  private static func isThere(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: path)
  }

  /// What is to be packed.
  enum Need {
    /// Everything, for a new run.
    case all
    /// The held-out sets that lie in the run directory and are not there: they may change while a
    /// run goes on.
    case missingHeldOut
  }

  /// Packs what is needed.
  func pack(_ need: Need) throws {
    // A class map that is of no use is refused before anything is packed.
    _ = try Self.classes(of: model, runFile)
    let needsSearch = need == .all
    let missing = heldOutPaths.filter { needsSearch || !Self.isThere($0.path) }.map(\.set)
    guard needsSearch || !missing.isEmpty else { return }
    switch runFile.data.images {
    case .sets(let search, let heldOut):
      if needsSearch { try pack(search, to: directory.searchSet, role: "search") }
      for set in missing {
        if let source = heldOut[set] {
          try pack(source, to: directory.packed(set), role: set.rawValue)
        }
      }
    case .split(let images, let search, let heldOut, let seed):
      let sets = HeldOutSet.allCases
      let parts = try load(images).split(
        [("search", search)] + sets.map { ($0.rawValue, heldOut[$0] ?? 0) }, seed: seed)
      for (set, part) in zip(sets, parts.dropFirst()) where missing.contains(set) {
        try part.write(toPackedFile: directory.packed(set))
      }
      if needsSearch { try parts[0].write(toPackedFile: directory.searchSet) }
    case .counted: break
    }
  }

  private var preprocessing: Preprocessing { Self.preprocessing(of: model, runFile) }

  /// Returns how the images of all sets but the calibration's are prepared.
  static func preprocessing(of model: LoadedModel, _ runFile: RunFile) -> Preprocessing {
    let preprocessing = model.configuration.preprocessing
    return runFile.data.isResized ? preprocessing : preprocessing.withoutResize
  }

  /// Returns the classes that labels of all sets but the calibration's must mean.
  static func classes(of model: LoadedModel, _ runFile: RunFile) throws -> ModelClasses {
    let map = try runFile.data.classMap.map { try ClassMap(path: $0) }
    if let map, case .sets(let search, let heldOut) = runFile.data.images,
      ([search] + heldOut.values).allSatisfy(isFile)
    {
      throw ImageDataError.needlessClassMap(path: map.path, set: search)
    }
    return ModelClasses(count: model.weights.network.classes, map: map)
  }

  private func pack(_ source: String, to output: String, role: String) throws {
    guard !Self.isFile(source) else { return }
    let report = try observer.observing(
      "Packing the \(role) set, \(source).", unit: "images of the \(role) set packed"
    ) { progress in
      try ImageData.pack(
        source: source, output: output, preprocessing: preprocessing,
        classes: Self.classes(of: model, runFile),
        requiresClasses: true, threads: threads, skipBroken: runFile.data.skipsBroken,
        progress: progress)
    }
    let found = ImageSource(source, report)
    found.assumptions.forEach(observer.notified)
    try found.checkBroken(skipsBroken: true, observer)
  }

  private func load(_ source: String) throws -> ImageSet {
    let loaded = try observer.observing(
      "Reading the images, \(source).", unit: "images read"
    ) { progress in
      try loadImages(
        path: source, preprocessing: preprocessing, classes: Self.classes(of: model, runFile),
        threads: threads, progress: progress)
    }
    let found = ImageSource(source, loaded)
    found.assumptions.forEach(observer.notified)
    try found.checkBroken(skipsBroken: runFile.data.skipsBroken, observer)
    return loaded.set
  }

  private static func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    let exists = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    return exists && !isFolder.boolValue
  }
}
