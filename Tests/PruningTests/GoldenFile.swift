import Foundation
import Testing
import TestSupport

/// Arrays of doubles of a safetensors file.
struct GoldenFile {
  let arrays: [String: (shape: [Int], values: [Double])]

  init(named name: String) throws {
    let data = try Data(contentsOf: URL(filePath: "\(Checkout.fixtures)/\(name)"))
    let headerSize = (0..<8).reduce(0) { $0 | Int(data[$1]) << (8 * $1) }
    let header = try #require(
      try JSONSerialization.jsonObject(with: data[8..<8 + headerSize]) as? [String: Any])
    var arrays: [String: (shape: [Int], values: [Double])] = [:]
    for (name, entry) in header where name != "__metadata__" {
      let fields = try #require(entry as? [String: Any])
      try #require(fields["dtype"] as? String == "F64")
      let offsets = try #require(fields["data_offsets"] as? [Int])
      let bytes = Array(data[8 + headerSize + offsets[0]..<8 + headerSize + offsets[1]])
      let values = stride(from: 0, to: bytes.count, by: 8).map { start in
        Double(
          bitPattern: (0..<8).reduce(0) { $0 | UInt64(bytes[start + $1]) << (8 * UInt64($1)) })
      }
      arrays[name] = (try #require(fields["shape"] as? [Int]), values)
    }
    self.arrays = arrays
  }
}
