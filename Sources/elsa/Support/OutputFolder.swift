import Foundation
import RunPreparation

/// The folder of a file that is to be written after long work.
enum OutputFolder {
  /// Makes sure, before the work, that `path` can be written.
  ///
  /// - Throws: ``CommandFailure`` naming the folder and what to do.
  static func check(for path: String) throws {
    let path = absolutePath(path)
    let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
    var isFolder: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder),
      isFolder.boolValue
    else {
      throw CommandFailure(
        "cannot write \(path): there is no folder \(folder)",
        nextStep: "create it: mkdir -p \(folder)")
    }
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw CommandFailure(
        "cannot write \(path): no permission to write into \(folder)",
        nextStep: "choose a folder of your own")
    }
    if unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
      isFolder.boolValue
    {
      throw CommandFailure("\(path) is a folder", nextStep: "name a file in it")
    }
  }
}
