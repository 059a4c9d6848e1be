import Foundation
import ImageData
import ModelFiles

/// Runs `body` with a fresh folder that is removed afterwards.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(
    path: "elsa-imagedata-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path)
}

/// Writes a file, making the folders above it.
func write(_ bytes: [UInt8], to path: String) throws {
  let url = URL(filePath: path)
  try FileManager.default.createDirectory(
    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(bytes).write(to: url)
}

/// The package's root folder.
let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().path

/// The folder of the data that is not part of the package.
let sharedData =
  ProcessInfo.processInfo.environment["ELSA_SHARED_DATA"] ?? packageRoot + "/../shared/data"

/// Whether the shared data is there.
let hasSharedData = FileManager.default.fileExists(
  atPath: sharedData + "/golden/deit_tiny.safetensors")

/// The bytes of a committed image or golden file.
func fixture(_ name: String) throws -> [UInt8] {
  try readFile(packageRoot + "/Tests/Fixtures/images/" + name, limitBytes: 1 << 20)
}
