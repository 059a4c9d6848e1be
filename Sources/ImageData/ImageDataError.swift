import ModelFiles

/// Why a data set cannot be used.
package enum ImageDataError: Error, Equatable, Sendable {
  /// A file of the data set cannot be read or written.
  case file(ModelFileError)
  /// There is nothing at the path.
  case notFound(path: String)
  /// There is a file where a folder is needed, or another file than a packed set.
  case notADataSet(path: String, found: ImageFormat?)
  /// The set that is to be packed is packed already.
  case packedAlready(path: String)
  /// The folder cannot be listed.
  case cannotList(path: String, reason: String)
  /// The folder has neither `labels.txt` nor class folders.
  case unknownLayout(path: String)
  /// The folder has `images/` but no `labels.txt`.
  case missingLabels(path: String)
  /// The folder holds no image.
  case noImages(path: String)
  /// A class folder holds no image.
  case emptyClass(path: String, className: String)
  /// A folder is nested too deep to be an image folder; a link may lead back to it.
  case tooDeep(path: String)
  /// Names of files or folders are not UTF-8; a few of them are given.
  case namesNotUTF8(path: String, count: Int, examples: [String])
  /// A line of a text file is not UTF-8.
  case textNotUTF8(path: String, line: Int, text: String)
  /// A line of `labels.txt` is not a name and a label.
  case invalidLabelLine(path: String, line: Int, text: String)
  /// `labels.txt` names an image twice.
  case duplicateName(path: String, line: Int, name: String, firstLine: Int)
  /// `labels.txt` names images that are not there; a few of them are given.
  case missingImages(path: String, count: Int, examples: [String])
  /// Images are there that `labels.txt` does not name; a few of them are given.
  case unlistedImages(path: String, count: Int, examples: [String])
  /// Class folders cannot be the outputs of the model.
  case otherClasses(ClassMismatch)
  /// A class map does not name class folders that are there; a few of them are given.
  case unmappedClasses(path: String, count: Int, examples: [String])
  /// A class map names a folder twice.
  case repeatedClass(path: String, line: Int, name: String)
  /// A class map names no folder.
  case emptyClassMap(path: String)
  /// A class map gives a folder an output that the model does not have.
  case outputOutOfRange(path: String, name: String, output: Int, outputs: Int)
  /// A class map is given for a set whose labels are numbers already.
  case needlessClassMap(path: String, set: String)
  /// Images cannot be decoded, all of them listed.
  case brokenImages(path: String, total: Int, images: [BrokenImage])
  /// The decoded images would take more memory than is allowed.
  case tooLarge(path: String, neededBytes: Int, limitBytes: Int)
  /// A packed file lacks something or contradicts itself.
  case invalidPackedFile(path: String, fault: PackedFault)
  /// An image has a label that the model does not know.
  case labelOutOfRange(set: String, index: Int, label: Int, classes: Int)
  /// The images have another size than the model expects.
  case wrongImageSize(set: String, found: ImageSize, expected: ImageSize)
  /// A split asks for more images than there are.
  case splitTooLarge(set: String, requested: Int, available: Int)
}

/// What is wrong with a packed data set.
package enum PackedFault: Error, Equatable, Sendable {
  case wrongImages(found: String)
  case wrongLabels(found: String)
  case impossibleLabel(index: Int, label: Int)
  case noImages
  case unknownVersion(String)
  case invalidMetadata(key: String, value: String)
}

extension ImageDataError: CustomStringConvertible {
  /// The diagnostic.
  package var description: String {
    switch self {
    case .file(let error): error.description
    case .notFound(let path):
      "there is no \(path); give a packed file, a folder of class folders, or a folder with "
        + "images/ and labels.txt"
    case .notADataSet(let path, let found):
      "\(path) is \(found.map { "an image (\($0.rawValue))" } ?? "a file"); expected a folder or "
        + "a packed set"
    case .packedAlready(let path):
      "\(path) is a packed set already; use it as it is"
    case .cannotList(let path, let reason):
      "cannot list \(path): \(reason)"
    case .unknownLayout(let path):
      "\(path) has neither class folders nor a labels.txt with a line \"name label\" for each image"
    case .missingLabels(let path):
      "\(path) has images/ but no labels.txt with a line \"name label\" for each image"
    case .noImages(let path):
      "\(path) holds no images"
    case .emptyClass(let path, let className):
      "the class folder \(className) of \(path) holds no images; remove it or fill it"
    case .tooDeep(let path):
      "\(path) is nested too deep; does a link lead back to a folder above it?"
    case .namesNotUTF8(let path, let count, let examples):
      "\(Self.counted(count, "name")) in \(path) \(count == 1 ? "is" : "are") not UTF-8: "
        + "\(Self.list(examples, of: count)); rename what has them (convmv does it)"
    case .textNotUTF8(let path, let line, let text):
      "\(path):\(line): the text is not UTF-8: \(text)"
    case .invalidLabelLine(let path, let line, let text):
      "\(path):\(line): expected an image's name and a label ≥ 0, found \"\(text)\""
    case .duplicateName(let path, let line, let name, let firstLine):
      "\(path):\(line): \(name) has a label already, in line \(firstLine)"
    case .missingImages(let path, let count, let examples):
      "\(path) names \(Self.counted(count, "image")) that \(count == 1 ? "is" : "are") not "
        + "there: \(Self.list(examples, of: count))"
    case .unlistedImages(let path, let count, let examples):
      "\(path) has no line for \(Self.counted(count, "image")) that \(count == 1 ? "is" : "are") "
        + "there: \(Self.list(examples, of: count))"
    case .otherClasses(let mismatch):
      mismatch.description + mismatch.nextStep
    case .unmappedClasses(let path, let count, let examples):
      "\(path) gives no output for \(Self.counted(count, "class folder")): "
        + Self.list(examples, of: count)
    case .repeatedClass(let path, let line, let name):
      "\(path):\(line): \(name) has an output already"
    case .emptyClassMap(let path):
      "\(path) names no class; write a line \"folder output\" for each class folder"
    case .outputOutOfRange(let path, let name, let output, let outputs):
      "\(path) gives \(name) the output \(output), but the model has outputs 0…\(outputs - 1)"
    case .needlessClassMap(let path, let set):
      "\(set) has a label for each image, so the class map \(path) has no use; leave it out"
    case .brokenImages(let path, let total, let images):
      "\(images.count) of \(total) images of \(path) are broken:\n"
        + images.map { "  \($0)" }.joined(separator: "\n")
    case .tooLarge(let path, let neededBytes, let limitBytes):
      "the images of \(path) take \(neededBytes) bytes of memory, above the limit of "
        + "\(limitBytes); pack them first (elsa pack) and use the packed file"
    case .invalidPackedFile(let path, let fault):
      "\(path) is no packed data set: \(fault)"
    case .labelOutOfRange(let set, let index, let label, let classes):
      "image \(index) of \(set) has label \(label), but the model has classes 0…\(classes - 1)"
    case .wrongImageSize(let set, let found, let expected):
      "the images of \(set) are \(found), but the model expects \(expected)"
    case .splitTooLarge(let set, let requested, let available):
      "the split takes \(requested) images, but \(set) has \(available)"
    }
  }

  private static func counted(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
  }

  private static func list(_ examples: [String], of count: Int) -> String {
    examples.joined(separator: ", ") + (examples.count < count ? ", …" : "")
  }
}

extension PackedFault: CustomStringConvertible {
  /// The fault as text.
  package var description: String {
    switch self {
    case .wrongImages(let found):
      "\"images\" must be U8 [count, height, width, 1 or 3], but is \(found)"
    case .wrongLabels(let found):
      "\"labels\" must be I32 or I64, one for each image, but is \(found)"
    case .impossibleLabel(let index, let label):
      "image \(index) has the label \(label)"
    case .noImages:
      "it holds no images"
    case .unknownVersion(let version):
      "its format is \"\(version)\"; this version reads \"\(PackedFormat.version)\""
    case .invalidMetadata(let key, let value):
      "its \(key) is \"\(value)\""
    }
  }
}
