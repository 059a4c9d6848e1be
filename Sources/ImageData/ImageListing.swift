import ModelFiles

/// An image on disk with its label.
package struct LabelledImage: Hashable, Sendable {
  /// The path below the data set's folder.
  package let name: String
  /// The path of the file.
  package let path: String
  /// The class, counted from 0.
  package let label: Int
}

/// The images of a folder in a fixed order, with their labels.
package struct ImageListing: Hashable, Sendable {
  /// The data set's folder.
  package let path: String
  /// The images.
  package private(set) var images: [LabelledImage]
  /// The names of the classes by label, where folders name them.
  package private(set) var classNames: [String]?
  /// The class map that lies in the folder, if one does.
  package let classMapPath: String?
  /// The files that were passed over because neither name nor content is that of an image.
  package let otherFiles: [String]

  /// The name of the file that gives each image its label.
  private static let labelsName = "labels.txt"
  /// The name of the file that gives each class folder its output.
  package static let classMapName = "classes.txt"

  /// Lists a folder that holds `labels.txt` and images (in `images/` or beside it), or class
  /// folders in the manner of torchvision's `ImageFolder`.
  ///
  /// Files and folders whose names begin with a dot are ignored.
  package init(folder path: String) throws(ImageDataError) {
    var top = FolderWalk(root: path)
    let folders = try top.classFolders()
    let hasImages = folders.contains { $0.utf8.elementsEqual("images".utf8) }
    let labelsPath = path + "/" + Self.labelsName
    let classMapPath = path + "/" + Self.classMapName
    self.path = path
    if FolderWalk.exists(labelsPath) {
      let root = hasImages ? path + "/images" : path
      var walk = FolderWalk(root: root)
      self.images = try Self.labelled(walk: &walk, labelsPath: labelsPath)
      self.classNames = nil
      self.classMapPath = nil
      let listed = Set(images.map { Array($0.name.utf8) })
      self.otherFiles = Self.unnamed(walk.others.filter { !listed.contains(Array($0.utf8)) })
    } else if hasImages, folders.count == 1 {
      throw .missingLabels(path: path)
    } else if !folders.isEmpty {
      self.images = try Self.labelled(walk: &top, classNames: folders)
      self.classNames = folders
      self.classMapPath = FolderWalk.exists(classMapPath) ? classMapPath : nil
      self.otherFiles = Self.unnamed(top.others)
    } else {
      try top.checkNames()
      throw .unknownLayout(path: path)
    }
  }

  /// Gives the images labels of a model instead of those that the order of the folders gave.
  mutating func relabel(classNames: [String]?, _ label: (Int) -> Int) {
    images = images.map { LabelledImage(name: $0.name, path: $0.path, label: label($0.label)) }
    self.classNames = classNames
  }

  private static func unnamed(_ files: [String]) -> [String] {
    files.filter { ![labelsName, classMapName].contains($0) }.sorted(by: precedesAsBytes)
  }

  // MARK: Class folders

  private static func labelled(walk: inout FolderWalk, classNames: [String])
    throws(ImageDataError) -> [LabelledImage]
  {
    let root = walk.root
    var images: [LabelledImage] = []
    var emptyClass: String?
    for (label, className) in classNames.enumerated() {
      let names = try walk.images(below: className)
      if names.isEmpty, emptyClass == nil { emptyClass = className }
      images += names.map { LabelledImage(name: $0, path: root + "/" + $0, label: label) }
    }
    try walk.checkNames()
    if let emptyClass { throw .emptyClass(path: root, className: emptyClass) }
    return images
  }

  // MARK: labels.txt

  private static func labelled(walk: inout FolderWalk, labelsPath: String)
    throws(ImageDataError) -> [LabelledImage]
  {
    let root = walk.root
    let lines = try labelLines(labelsPath)
    let found = try walk.images(below: "")
    try walk.checkNames()
    var present = NameTable<String>()
    for name in found + walk.others { _ = present.update(name, to: name) }
    var firstLines = NameTable<Int>()
    var images: [LabelledImage] = []
    var missing: [String] = []
    for (line, name, label) in lines {
      // What is opened is what lies there, in whatever form the line writes it.
      let fileName = present.value(meaning: name) ?? name
      if let firstLine = firstLines.update(fileName, to: line) {
        throw .duplicateName(path: labelsPath, line: line, name: name, firstLine: firstLine)
      }
      let file = root + "/" + fileName
      images.append(LabelledImage(name: fileName, path: file, label: label))
      if present.value(exactly: fileName) == nil, !FolderWalk.exists(file) { missing.append(name) }
    }
    guard missing.isEmpty else {
      throw .missingImages(
        path: labelsPath, count: missing.count, examples: Array(missing.prefix(5)))
    }
    let unlisted = found.filter { firstLines.value(exactly: $0) == nil }
      .sorted(by: precedesAsBytes)
    guard unlisted.isEmpty else {
      let examples = unlisted.prefix(5).map { name in
        firstLines.hasOtherForm(of: name) ? name + " (in another Unicode form)" : name
      }
      throw .unlistedImages(path: labelsPath, count: unlisted.count, examples: examples)
    }
    guard !images.isEmpty else { throw .noImages(path: root) }
    return images
  }

  /// The lines `name label`; empty lines are skipped. A name may hold spaces.
  private static func labelLines(_ path: String) throws(ImageDataError)
    -> [(line: Int, name: String, label: Int)]
  {
    var result: [(line: Int, name: String, label: Int)] = []
    for (number, text) in try TextLines(path: path).lines {
      guard let (name, label) = TextLines.nameAndNumber(text) else {
        throw .invalidLabelLine(path: path, line: number, text: String(text.prefix(200)))
      }
      result.append((number, name, label))
    }
    return result
  }
}
