import Glibc
import ModelFiles

/// What lies below a folder: the images, and the files that were passed over.
///
/// Names are compared as the bytes that they are on disk. Files and folders whose names begin with
/// a dot are not looked at.
struct FolderWalk {
  /// The folder that names are relative to.
  let root: String
  /// The files that are no images, in the order in which they were found.
  private(set) var others: [String] = []
  /// Names that are not UTF-8, with the other bytes written as `\xE9`.
  private(set) var undecodableNames: [String] = []

  /// The depth of folders that is followed.
  private static let depthMax = 32

  /// Creates a walk below a folder.
  init(root: String) {
    self.root = root
  }

  /// Returns the folders of the root itself, sorted as bytes; its files count as others.
  mutating func classFolders() throws(ImageDataError) -> [String] {
    let entries = try visibleEntries(of: "")
    others += entries.filter { !$0.isFolder }.map(\.name)
    return entries.filter(\.isFolder).map(\.name)
  }

  /// Returns the images in a folder and the folders in it, sorted by folder, then by name.
  mutating func images(below first: String) throws(ImageDataError) -> [String] {
    var found: [(folder: String, names: [String])] = []
    var waiting = [(folder: first, depth: 0)]
    while let (folder, depth) = waiting.popLast() {
      guard depth < Self.depthMax else { throw .tooDeep(path: Self.joined(root, folder)) }
      let prefix = folder.isEmpty ? "" : folder + "/"
      var images: [String] = []
      for entry in try visibleEntries(of: folder) {
        let name = prefix + entry.name
        if entry.isFolder {
          waiting.append((name, depth + 1))
        } else if ImageFormat.isImage(name: entry.name, path: Self.joined(root, name)) {
          images.append(name)
        } else {
          others.append(name)
        }
      }
      found.append((folder, images))
    }
    return found.sorted { precedesAsBytes($0.folder, $1.folder) }.flatMap(\.names)
  }

  /// Throws if names were found that cannot be used.
  func checkNames() throws(ImageDataError) {
    guard !undecodableNames.isEmpty else { return }
    throw .namesNotUTF8(
      path: root, count: undecodableNames.count, examples: Array(undecodableNames.prefix(5)))
  }

  /// Returns a folder's entries, sorted as bytes.
  private mutating func visibleEntries(of folder: String) throws(ImageDataError)
    -> [(name: String, isFolder: Bool)]
  {
    let path = Self.joined(root, folder)
    var entries: [(name: String, isFolder: Bool)] = []
    for bytes in try Self.names(in: path) where bytes.first != UInt8(ascii: ".") {
      guard let name = String(validating: bytes, as: UTF8.self) else {
        undecodableNames.append(Self.joined(folder, escaped(bytes)))
        continue
      }
      entries.append((name, Self.isFolder(path + "/" + name)))
    }
    return entries.sorted { precedesAsBytes($0.name, $1.name) }
  }

  private static func joined(_ folder: String, _ name: String) -> String {
    if folder.isEmpty { return name }
    return name.isEmpty ? folder : folder + "/" + name
  }

  /// Whether a folder is there, or a link to one.
  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether anything is there, followed to its end if it is a link.
  static func exists(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0
  }

  /// Returns the bytes of all names in a folder.
  private static func names(in path: String) throws(ImageDataError) -> [[UInt8]] {
    guard let stream = unsafe opendir(path) else {
      let reason = systemErrorText()
      switch errno {
      case ENOENT: throw .notFound(path: path)
      case ENOTDIR: throw .notADataSet(path: path, found: ImageFormat(fileAt: path))
      default: throw .cannotList(path: path, reason: reason)
      }
    }
    defer { _ = unsafe closedir(stream) }
    var names: [[UInt8]] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else { break }
      names.append(
        unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) })
    }
    guard errno == 0 else { throw .cannotList(path: path, reason: systemErrorText()) }
    return names
  }
}
