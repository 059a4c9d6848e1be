import Foundation
import ImageData
import ModelFiles
import TestSupport

/// Writes a file, making the folders above it.
func write(_ bytes: [UInt8], to path: String) throws {
  let url = URL(filePath: path)
  try FileManager.default.createDirectory(
    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(bytes).write(to: url)
}

/// The bytes of a committed image or golden file.
func fixture(_ name: String) throws -> [UInt8] {
  try readFile(Checkout.fixtures + "/images/" + name, limitBytes: 1 << 20)
}
