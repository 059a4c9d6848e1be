import ContentHashing
import Foundation
import ModelFiles
import SparsityCore
import Testing
import TestSupport

struct SafetensorsFileTests {
  @Test func `a mapped file and bytes in memory hold the same`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/small.safetensors"
      try Data(smallFile()).write(to: URL(filePath: path))
      let mapped = try SafetensorsFile(path: path)
      let inMemory = try SafetensorsFile(bytes: smallFile(), name: "memory")
      for file in [mapped, inMemory] {
        #expect(file.names == ["images", "labels", "weight"])
        #expect(file.metadata == ["format": "pt"])
        #expect(try file.integers("labels").values == [1, -2])
        #expect(try file.floats("weight").values == [1, -2])
        #expect(try file.floats("weight").shape == [1, 2])
        #expect(try file.bytes("images").values == [7, 8, 9])
        #expect(file.contentHash() == ContentHash(of: smallFile().span))
        #expect(file.size == smallFile().count)
      }
      #expect(try contentHash(ofFileAt: path) == mapped.contentHash())
    }
  }

  @Test func `bf16, fp32 and fp64 become fp32 at any alignment`() throws {
    let file = try SafetensorsFile(
      bytes: safetensorsBytes(
        """
        {"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},\
        "bf":{"dtype":"BF16","shape":[2],"data_offsets":[1,5]},\
        "f":{"dtype":"F32","shape":[1],"data_offsets":[5,9]},\
        "d":{"dtype":"F64","shape":[1],"data_offsets":[9,17]}}
        """,
        data: [5, 0x80, 0x3F, 0x49, 0xC0]
          + littleEndianBytes([Float(0.1).bitPattern])
          + littleEndianBytes([Double(0.1).bitPattern])),
      name: "f")
    #expect(try file.floats("bf").values == [1, -3.140625])
    #expect(try file.floats("f").values == [0.1])
    #expect(try file.floats("d").values == [0.1])
    #expect(try file.doubles("d").values == [0.1])
    #expect(try file.doubles("f").values == [Double(Float(0.1))])
  }

  @Test func `every fp16 bit pattern becomes the fp32 of the same value`() throws {
    let patterns = Array(UInt16.min...UInt16.max)
    let header =
      #"{"h":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]}}"#
    let file = try SafetensorsFile(
      bytes: safetensorsBytes(header, data: littleEndianBytes(patterns)), name: "f")
    let values = try file.floats("h").values
    for (bits, value) in zip(patterns, values) {
      let exponent = Int(bits >> 10 & 31)
      let fraction = Double(bits & 1023)
      let sign: Double = bits >> 15 == 0 ? 1 : -1
      let expected: Double =
        switch exponent {
        case 0: sign * fraction * 0x1p-24
        case 31: fraction == 0 ? sign * .infinity : .nan
        default:
          sign * (1024 + fraction)
            * Double(sign: .plus, exponent: exponent - 25, significand: 1)
        }
      #expect(value.isNaN == expected.isNaN)
      if !value.isNaN { #expect(Double(value) == expected) }
    }
  }

  @Test func `a missing tensor and a type that cannot be converted are named`() throws {
    let file = try SafetensorsFile(bytes: smallFile(), name: "f")
    #expect(throws: ModelFileError.unknownTensor(path: "f", name: "head.weight")) {
      try file.floats("head.weight")
    }
    #expect(
      throws: ModelFileError.unsupportedConversion(
        path: "f", name: "labels", from: .int32, to: "floating-point numbers")
    ) { try file.floats("labels") }
    #expect(throws: ModelFileError.self) { try file.integers("weight") }
    #expect(throws: ModelFileError.self) { try file.bytes("labels") }
  }

  @Test func `files that cannot be opened are named with the reason`() throws {
    try withTemporaryFolder { folder in
      #expect(
        throws: ModelFileError.cannotRead(
          path: folder + "/none", reason: "No such file or directory")
      ) { try SafetensorsFile(path: folder + "/none") }
      #expect(throws: ModelFileError.cannotRead(path: folder, reason: "it is a folder")) {
        try SafetensorsFile(path: folder)
      }
      try Data().write(to: URL(filePath: folder + "/empty"))
      #expect(
        throws: ModelFileError.truncated(
          path: folder + "/empty", neededBytes: 8, availableBytes: 0)
      ) { try SafetensorsFile(path: folder + "/empty") }
    }
  }

  @Test(arguments: [
    "Sources/CDemoData/data/digits_vit_dense.safetensors",
    "Sources/CDemoData/data/search.safetensors",
    "Tests/Fixtures/distilled_golden.safetensors",
    "Tests/Fixtures/pruning_golden.safetensors",
    "Tests/Fixtures/digits_golden.safetensors",
  ])
  func `files of other writers are read in full`(path: String) throws {
    let file = try SafetensorsFile(path: Checkout.root + "/" + path)
    for (name, entry) in file.tensors {
      switch entry.elementType {
      case .uint8, .int32: #expect(try file.integers(name).values.count == entry.count)
      default: #expect(try file.floats(name).values.allSatisfy(\.isFinite))
      }
    }
    #expect(file.tensors.count > 0)
  }

  @Test(.needsSharedData("deit_tiny_patch16_224/model.safetensors"))
  func `a real checkpoint has the parameters its configuration counts`() throws {
    let file = try SafetensorsFile(path: SharedData.path("deit_tiny_patch16_224/model.safetensors"))
    #expect(file.tensors.values.map(\.count).reduce(0, +) == 5_717_416)
    #expect(try file.floats("head.weight").shape == [1000, 192])
  }
}
