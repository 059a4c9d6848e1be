import Foundation
import ModelFiles

/// An image on disk with its label.
public struct LabelledImage: Hashable, Sendable {
  /// The path below the data set's folder.
  public let name: String
  /// The path of the file.
  public let path: String
  /// The class, counted from 0.
  public let label: Int
}

/// The images of a folder in a fixed order, with their labels.
public struct ImageListing: Hashable, Sendable {
  /// The data set's folder.
  public let path: String
  /// The images.
  public let images: [LabelledImage]
  /// The names of the classes, where folders name them.
  public let classNames: [String]?

  /// The names' endings that make a file an image, torchvision's list.
  ///
  /// Only JPEG and PNG are decoded; the others are listed so that they are reported as broken
  /// instead of being missed.
  static let extensions: Set<String> = [
    "jpg", "jpeg", "png", "ppm", "bmp", "pgm", "tif", "tiff", "webp",
  ]

  /// Lists a folder that holds `labels.txt` and images (in `images/` or beside it), or class
  /// folders in the manner of torchvision's `ImageFolder`.
  ///
  /// Files and folders whose names begin with a dot are ignored.
  public init(folder path: String) throws(ImageDataError) {
    let entries = try FolderEntries(path)
    let labelsPath = path + "/labels.txt"
    let hasImages = entries.folders.contains("images")
    self.path = path
    if FileManager.default.fileExists(atPath: labelsPath) {
      let root = hasImages ? path + "/images" : path
      self.images = try Self.labelled(root: root, labelsPath: labelsPath)
      self.classNames = nil
    } else if hasImages, entries.folders.count == 1 {
      throw .missingLabels(path: path)
    } else if !entries.folders.isEmpty {
      self.images = try Self.classFolders(root: path, classNames: entries.folders)
      self.classNames = entries.folders
    } else {
      throw .unknownLayout(path: path)
    }
  }

  // MARK: Class folders

  private static func classFolders(root: String, classNames: [String]) throws(ImageDataError)
    -> [LabelledImage]
  {
    var images: [LabelledImage] = []
    for (label, className) in classNames.enumerated() {
      let names = try imageNames(root: root, below: className)
      if names.isEmpty { throw .emptyClass(path: root, className: className) }
      images += names.map { LabelledImage(name: $0, path: root + "/" + $0, label: label) }
    }
    return images
  }

  /// The images in a folder and the folders in it, sorted by folder, then by name, as bytes.
  private static func imageNames(root: String, below first: String) throws(ImageDataError)
    -> [String]
  {
    var found: [(folder: String, names: [String])] = []
    var waiting = [(folder: first, depth: 0)]
    while let (folder, depth) = waiting.popLast() {
      guard depth < 32 else { throw .tooDeep(path: root + "/" + folder) }
      let entries = try FolderEntries(folder.isEmpty ? root : root + "/" + folder)
      let prefix = folder.isEmpty ? "" : folder + "/"
      found.append((folder, entries.images.map { prefix + $0 }))
      waiting += entries.folders.map { (prefix + $0, depth + 1) }
    }
    return found.sorted { precedesAsBytes($0.folder, $1.folder) }.flatMap(\.names)
  }

  // MARK: labels.txt

  private static func labelled(root: String, labelsPath: String) throws(ImageDataError)
    -> [LabelledImage]
  {
    let lines = try labelLines(labelsPath)
    let present = Set(try imageNames(root: root, below: ""))
    var firstLines: [String: Int] = [:]
    var images: [LabelledImage] = []
    var missing: [String] = []
    for (line, name, label) in lines {
      if let firstLine = firstLines.updateValue(line, forKey: name) {
        throw .duplicateName(path: labelsPath, line: line, name: name, firstLine: firstLine)
      }
      images.append(LabelledImage(name: name, path: root + "/" + name, label: label))
      if !present.contains(name), !FileManager.default.fileExists(atPath: root + "/" + name) {
        missing.append(name)
      }
    }
    guard missing.isEmpty else {
      throw .missingImages(
        path: labelsPath, count: missing.count, examples: Array(missing.prefix(5)))
    }
    let unlisted = present.filter { firstLines[$0] == nil }.sorted(by: precedesAsBytes)
    guard unlisted.isEmpty else {
      throw .unlistedImages(
        path: labelsPath, count: unlisted.count, examples: Array(unlisted.prefix(5)))
    }
    guard !images.isEmpty else { throw .noImages(path: root) }
    return images
  }

  /// The lines `name label`; empty lines are skipped. A name may hold spaces.
  private static func labelLines(_ path: String) throws(ImageDataError)
    -> [(line: Int, name: String, label: Int)]
  {
    let bytes: [UInt8]
    do {
      bytes = try readFile(path, limitBytes: 256 << 20)
    } catch {
      throw .file(error)
    }
    var lines: [(line: Int, name: String, label: Int)] = []
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
    {
      let text = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespaces)
        .trimmingCharacters(in: .newlines)
      if text.isEmpty { continue }
      let fields = text.split(maxSplits: .max) { $0 == " " || $0 == "\t" }
      guard fields.count >= 2, let last = fields.last, let label = Int(last), label >= 0,
        label <= Int(Int32.max)
      else {
        throw .invalidLabelLine(path: path, line: index + 1, text: String(text.prefix(200)))
      }
      let name = text[..<last.startIndex].trimmingCharacters(in: .whitespaces)
      lines.append((index + 1, name, label))
    }
    return lines
  }
}

/// The visible entries of a folder, sorted as bytes.
private struct FolderEntries {
  let folders: [String]
  let images: [String]

  init(_ path: String) throws(ImageDataError) {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      let isThere = FileManager.default.fileExists(atPath: path)
      throw isThere
        ? .cannotList(path: path, reason: error.localizedDescription) : .notFound(path: path)
    }
    var folders: [String] = []
    var images: [String] = []
    for name in names.sorted(by: precedesAsBytes) where !name.hasPrefix(".") {
      var isFolder: ObjCBool = false
      _ = unsafe FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isFolder)
      if isFolder.boolValue {
        folders.append(name)
      } else if let dot = name.lastIndex(of: "."),
        ImageListing.extensions.contains(name[name.index(after: dot)...].lowercased())
      {
        images.append(name)
      }
    }
    self.folders = folders
    self.images = images
  }
}

/// Orders texts by their UTF-8 bytes, as Python sorts them.
private func precedesAsBytes(_ first: String, _ second: String) -> Bool {
  first.utf8.lexicographicallyPrecedes(second.utf8)
}
