import Foundation
import ModelFiles
import SparsityCore
import Testing
import TestSupport

struct SafetensorsWriterTests {
  @Test func `what is written is read back`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/out.safetensors"
      try writeSafetensors(
        [
          NewTensor(name: "images", elementType: .uint8, shape: [3], bytes: [1, 2, 3]),
          NewTensor(name: "b", shape: [2, 1], values: [0.5, -.infinity] as [Float]),
          NewTensor(name: "a", shape: [2], values: [7, -7] as [Int32]),
          NewTensor(name: "none", elementType: .float64, shape: [0], bytes: []),
        ], metadata: ["z": "é\"", "a": ""], to: path)
      let file = try SafetensorsFile(path: path)
      #expect(file.metadata == ["z": "é\"", "a": ""])
      #expect(try file.bytes("images").values == [1, 2, 3])
      #expect(try file.floats("b").values == [0.5, -.infinity])
      #expect(try file.floats("b").shape == [2, 1])
      #expect(try file.integers("a").values == [7, -7])
      // Ordered by falling element size, then by name: all are aligned.
      #expect(try file.entry("none").byteRange == 0..<0)
      #expect(try file.entry("a").byteRange == 0..<8)
      #expect(try file.entry("b").byteRange == 8..<16)
      #expect(try file.entry("images").byteRange == 16..<19)
    }
  }

  @Test func `the same content gives the same bytes in any order`() throws {
    try withTemporaryFolder { folder in
      let tensors = (0..<20).map {
        NewTensor(name: "t\($0)", shape: [1], values: [Float($0)])
      }
      let metadata = Dictionary(uniqueKeysWithValues: (0..<20).map { ("k\($0)", "v\($0)") })
      try writeSafetensors(tensors, metadata: metadata, to: folder + "/a")
      try writeSafetensors(tensors.reversed(), metadata: metadata, to: folder + "/b")
      #expect(
        try contentHash(ofFileAt: folder + "/a") == contentHash(ofFileAt: folder + "/b"))
    }
  }

  @Test func `an existing file is replaced and no partial file is left`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/out.safetensors"
      try Data("old".utf8).write(to: URL(filePath: path))
      try writeSafetensors([], to: path)
      #expect(try SafetensorsFile(path: path).names.isEmpty)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["out.safetensors"])
    }
  }

  @Test func `a mapped file keeps its content while it is replaced`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/out.safetensors"
      try writeSafetensors([NewTensor(name: "a", shape: [1], values: [1] as [Float])], to: path)
      let file = try SafetensorsFile(path: path)
      try writeSafetensors([], to: path)
      #expect(try file.floats("a").values == [1])
    }
  }

  @Test func `wrong sizes and names used twice are refused before a file appears`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/out.safetensors"
      let short = NewTensor(name: "a", elementType: .float32, shape: [2], bytes: [0])
      #expect(
        throws: ModelFileError.wrongTensorSize(
          name: "a", shape: [2], expectedBytes: 8, bytes: 1)
      ) { try writeSafetensors([short], to: path) }
      let tensor = NewTensor(name: "a", elementType: .uint8, shape: [1], bytes: [0])
      #expect(throws: ModelFileError.unusableTensorName("a")) {
        try writeSafetensors([tensor, tensor], to: path)
      }
      let reserved = NewTensor(name: "__metadata__", elementType: .uint8, shape: [1], bytes: [0])
      #expect(throws: ModelFileError.unusableTensorName("__metadata__")) {
        try writeSafetensors([reserved], to: path)
      }
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(names.isEmpty)
    }
  }
}
