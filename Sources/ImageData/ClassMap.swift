/// Which output of a model each class folder stands for, as a text file says.
///
/// A line is `folder output`, with outputs counted from 0; or, in the manner of timm, a folder
/// alone, whose output is the number of the lines before it.
package struct ClassMap: Sendable {
  /// The file.
  package let path: String
  private let outputs: NameTable<Int>
  /// The folder with the largest output.
  let largest: (folder: String, output: Int)

  /// Reads a file.
  package init(path: String) throws(ImageDataError) {
    let lines = try TextLines(path: path).lines
    let numbered = lines.compactMap { TextLines.nameAndNumber($0.text) }
    let hasNumbers = numbered.count == lines.count
    var outputs = NameTable<Int>()
    var largest = (folder: "", output: -1)
    for (index, line) in lines.enumerated() {
      let (name, output) = hasNumbers ? numbered[index] : (line.text, index)
      guard outputs.update(name, to: output) == nil else {
        throw .repeatedClass(path: path, line: line.number, name: name)
      }
      if output > largest.output { largest = (name, output) }
    }
    guard !outputs.isEmpty else { throw .emptyClassMap(path: path) }
    self.path = path
    self.outputs = outputs
    self.largest = largest
  }

  /// Returns the output that a folder stands for.
  func output(of folder: String) -> Int? { outputs.value(meaning: folder) }
}

/// The classes that labels must mean: those of a model.
package struct ModelClasses: Sendable {
  /// The model's outputs.
  package let count: Int
  /// The class map that was asked for; a `classes.txt` in the folder serves otherwise.
  package let map: ClassMap?

  /// Creates the classes of a model with `count` outputs.
  ///
  /// - Precondition: There is an output.
  package init(count: Int, map: ClassMap? = nil) {
    precondition(count > 0)
    self.count = count
    self.map = map
  }
}

/// How class folders became labels.
package enum ClassAssignment: Hashable, Sendable {
  /// The folders, in the order of their names, are taken for the model's outputs.
  case byOrder(count: Int)
  /// The folders are WordNet ids of ImageNet's 1,000 classes.
  case byWordNet(folders: Int)
  /// A class map names each folder's output.
  case byMap(path: String, folders: Int)
  /// The folders are not the model's outputs, so that the labels mean nothing to it.
  case none(ClassMismatch)
}

/// Why class folders cannot be a model's outputs.
package struct ClassMismatch: Error, Hashable, Sendable {
  /// The data set.
  package let set: String
  package let folders: [String]
  /// The model's outputs.
  package let outputs: Int
}

extension ClassAssignment: CustomStringConvertible {
  /// The assignment in a sentence.
  package var description: String {
    switch self {
    case .byOrder(let count):
      "its \(count) class folders are taken for the model's outputs 0…\(count - 1) in the order "
        + "of their names, as torchvision does"
    case .byWordNet(let folders):
      "its \(folders) class folders are WordNet ids, taken for the outputs of ImageNet's 1000 "
        + "classes"
    case .byMap(let path, let folders):
      "its \(folders) class folders have the outputs that \(path) gives them"
    case .none(let mismatch):
      "\(mismatch.description); it can calibrate, but measure no accuracy"
    }
  }
}

extension ClassMismatch: CustomStringConvertible {
  /// The mismatch as text.
  package var description: String {
    let names = folders.prefix(3).joined(separator: ", ") + (folders.count > 3 ? ", …" : "")
    if ClassMismatch.areSets(folders) {
      return "\(set) holds \(names), which are sets and no classes; give one of them"
    }
    let noun = folders.count == 1 ? "class folder" : "class folders"
    return "\(set) has \(folders.count) \(noun) (\(names)), the model \(outputs) outputs"
  }

  /// What can be done about it, to go on after the description.
  var nextStep: String {
    if ClassMismatch.areSets(folders) { return ", as in \(set)/\(folders[0])" }
    return "; write \(set)/\(ImageListing.classMapName) (or give --class-map, in a run file "
      + "data.classMap) with a line \"folder output\" for each"
  }

  /// Whether the names of folders are those of sets of images.
  static func areSets(_ folders: [String]) -> Bool {
    let names: Set = [
      "train", "training", "val", "valid", "validation", "test", "testing", "calib",
      "calibration",
    ]
    return folders.allSatisfy { names.contains($0.lowercased()) }
  }
}

extension ImageListing {
  /// Lists a folder with labels that are a model's outputs; without classes, as they come.
  ///
  /// - Throws: ``ImageDataError`` if class folders cannot be the outputs.
  static func assigned(folder: String, _ classes: ModelClasses?) throws(ImageDataError)
    -> (listing: ImageListing, assignment: ClassAssignment?)
  {
    var listing = try ImageListing(folder: folder)
    guard let classes else { return (listing, nil) }
    let assignment = try listing.assign(classes)
    if case .none(let mismatch)? = assignment { throw .otherClasses(mismatch) }
    return (listing, assignment)
  }

  /// Gives the images labels that are a model's outputs, if class folders made them.
  ///
  /// - Returns: How the folders became labels, or `nil` if `labels.txt` gives the labels.
  mutating func assign(_ classes: ModelClasses) throws(ImageDataError) -> ClassAssignment? {
    guard let folders = classNames else {
      guard let map = classes.map else { return nil }
      throw .needlessClassMap(path: map.path, set: path)
    }
    var map = classes.map
    if map == nil, let classMapPath { map = try ClassMap(path: classMapPath) }
    if let map {
      let outputs = folders.map { map.output(of: $0) }
      let missing = zip(folders, outputs).filter { $0.1 == nil }.map(\.0)
      guard missing.isEmpty else {
        throw .unmappedClasses(
          path: map.path, count: missing.count, examples: Array(missing.prefix(5)))
      }
      for (folder, output) in zip(folders, outputs.compactMap(\.self)) where output >= classes.count
      {
        throw .outputOutOfRange(
          path: map.path, name: folder, output: output, outputs: classes.count)
      }
      relabel(classNames: nil) { outputs[$0] ?? 0 }
      return .byMap(path: map.path, folders: folders.count)
    }
    if let outputs = ImageNetClasses.outputs(of: folders), classes.count == ImageNetClasses.count {
      relabel(classNames: folders.count == classes.count ? folders : nil) { outputs[$0] }
      return .byWordNet(folders: folders.count)
    }
    guard folders.count == classes.count, !ClassMismatch.areSets(folders) else {
      return ClassAssignment.none(
        ClassMismatch(set: path, folders: folders, outputs: classes.count))
    }
    return .byOrder(count: folders.count)
  }
}
