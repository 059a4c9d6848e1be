import Foundation
import ImageData
import ModelFiles
import SparsityCore
import Testing
import TestSupport

struct PackedFormatTests {
  private func fault(_ tensors: [NewTensor], metadata: [String: String] = [:]) throws
    -> PackedFault?
  {
    try withTemporaryFolder { (folder) -> PackedFault? in
      let path = folder + "/p.safetensors"
      try writeSafetensors(tensors, metadata: metadata, to: path)
      do {
        _ = try ImageSet(packedFile: path)
        return nil
      } catch ImageDataError.invalidPackedFile(path, let fault) {
        return fault
      }
    }
  }

  private func images(_ shape: [Int], type: ElementType = .uint8) -> NewTensor {
    NewTensor(
      name: "images", elementType: type, shape: shape,
      bytes: Array(repeating: 1, count: shape.reduce(type.size, *)))
  }

  private func labels(_ values: [Int32]) -> NewTensor {
    NewTensor(name: "labels", shape: [values.count], values: values)
  }

  @Test func `images and labels must have the right type, shape and range`() throws {
    #expect(try fault([images([2, 2, 2, 3]), labels([0, 9])]) == nil)
    #expect(
      try fault([images([2, 2, 2, 4]), labels([0, 9])])
        == .wrongImages(found: "U8 [2, 2, 2, 4]"))
    #expect(
      try fault([images([2, 2, 2]), labels([0, 9])]) == .wrongImages(found: "U8 [2, 2, 2]"))
    #expect(
      try fault([images([2, 2, 2, 3], type: .int8), labels([0, 9])])
        == .wrongImages(found: "I8 [2, 2, 2, 3]"))
    #expect(try fault([labels([0, 9])]) == .wrongImages(found: "missing"))
    #expect(try fault([images([2, 2, 2, 3])]) == .wrongLabels(found: "missing"))
    #expect(try fault([images([2, 2, 2, 3]), labels([0])]) == .wrongLabels(found: "I32 [1]"))
    #expect(
      try fault([images([2, 2, 2, 3]), labels([0, -1])]) == .impossibleLabel(index: 1, label: -1))
    let large = NewTensor(
      name: "labels", elementType: .int64, shape: [2], bytes: littleEndianBytes([1, 1 << 31]))
    #expect(
      try fault([images([2, 2, 2, 3]), large]) == .impossibleLabel(index: 1, label: 1 << 31))
    #expect(try fault([images([0, 2, 2, 3]), labels([])]) == .noImages)
  }

  @Test func `unknown versions and wrong metadata are refused`() throws {
    let tensors = [images([2, 2, 2, 1]), labels([0, 9])]
    #expect(try fault(tensors, metadata: ["elsa.format": "images-1", "classes": "10"]) == nil)
    #expect(
      try fault(tensors, metadata: ["elsa.format": "images-2"]) == .unknownVersion("images-2"))
    #expect(
      try fault(tensors, metadata: ["classes": "9"])
        == .invalidMetadata(key: "classes", value: "9"))
    #expect(
      try fault(tensors, metadata: ["classNames": "[1]"])
        == .invalidMetadata(key: "classNames", value: "[1]"))
  }

  @Test func `another file than a packed set is refused with a diagnostic`() {
    let path = Checkout.demoData + "/digits_vit_dense.safetensors"
    #expect(
      throws: ImageDataError.invalidPackedFile(
        path: path, fault: .wrongImages(found: "missing"))
    ) { try ImageSet(packedFile: path) }
    #expect(throws: ImageDataError.self) { try ImageSet(packedFile: path + ".none") }
  }
}
