import FileMutations
import Foundation
import ModelFiles
import NetworkArchitectures
import SparsityCore
import Testing

/// A seeded mutator over checkpoints and configurations: what arrives is a value or an error in
/// words, never a trap, and nothing is reserved that the file does not hold.
@Suite(.timeLimit(.minutes(20)))
struct ModelFilesFuzzTests {
  /// Reads mutated inputs; returns how many were accepted.
  private func accepted<Input>(
    count: Int = 400, _ next: () -> Input, read: (Input) throws(ModelFileError) -> Void
  ) -> Int {
    var accepted = 0
    for _ in 0..<count {
      let input = next()
      do throws(ModelFileError) {
        try read(input)
        accepted += 1
      } catch {
        // One line that names the file.
        let text = "\(error)"
        #expect(text.contains("the file") && !text.contains("\n") && text.utf8.count < 2_000)
      }
    }
    return accepted
  }

  private func read(_ file: SafetensorsFile) throws(ModelFileError) {
    var sum = 0
    for name in file.names {
      let entry = try file.entry(name)
      sum += try file.withBytes(of: name) { $0.count }
      #expect(entry.count * entry.elementType.size == entry.byteRange.count)
      if entry.elementType == .float16 { _ = try file.floats(name) }
    }
    #expect(sum <= file.size)
  }

  @Test(arguments: UInt64(0)..<10)
  func `mutated checkpoints are read or refused`(seed: UInt64) {
    var mutator = FileMutator(seed: seed)
    let data = Array(smallFile().suffix(15))
    let header = String(decoding: smallFile().dropFirst(8).dropLast(15), as: UTF8.self)
    let count = accepted {
      // Half of the headers are changed as text, with a size that is right.
      mutator.number(below: 2) == 0
        ? mutator.damaged(smallFile()) : safetensorsBytes(mutator.damaged(header), data: data)
    } read: { bytes throws(ModelFileError) in
      try read(SafetensorsFile(bytes: bytes, name: "the file"))
    }
    #expect(count > 5 && count < 390, "\(count)")
  }

  @Test func `headers cannot make a reader reserve more than the file holds`() {
    for shape in ["[4294967296,4294967296]", "[9223372036854775807]", "[0,9223372036854775807]"] {
      for offsets in ["[0,9223372036854775807]", "[9223372036854775800,9223372036854775807]"] {
        let bytes = safetensorsBytes(
          #"{"a":{"dtype":"F32","shape":\#(shape),"data_offsets":\#(offsets)}}"#)
        #expect(throws: ModelFileError.self) { try SafetensorsFile(bytes: bytes, name: "f") }
      }
    }
    var huge = safetensorsBytes("{}")
    huge.replaceSubrange(0..<8, with: [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F])
    #expect(throws: ModelFileError.self) { try SafetensorsFile(bytes: huge, name: "f") }
  }

  private static let configurations = [
    """
    {"architecture": "vit_x", "img_size": 20, "patch_size": 4, "in_chans": 3, "embed_dim": 48,
     "depth": 3, "num_heads": 3, "mlp_ratio": 4.0, "num_classes": 7, "mean": [0.5, 0.4, 0.3],
     "std": [0.2, 0.2, 0.1], "crop_pct": 0.9, "interpolation": "bicubic", "ln_eps": 1e-6}
    """,
    """
    {"architecture": "deit_x", "num_classes": 10, "model_args": {"depth": 2, "qkv_bias": true},
     "pretrained_cfg": {"input_size": [3, 224, 224], "interpolation": "bicubic", "crop_pct": 0.9,
      "crop_mode": "center", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
      "num_classes": 1000, "pool_size": null, "classifier": ["head", "head_dist"]}}
    """,
  ]

  @Test(arguments: UInt64(0)..<10)
  func `mutated configurations are read or refused`(seed: UInt64) throws {
    var mutator = FileMutator(seed: seed)
    let count = accepted {
      mutator.damaged(mutator.pick(Self.configurations))
    } read: { text throws(ModelFileError) in
      let file = try ModelConfigurationFile(bytes: Array(text.utf8), name: "the file")
      // What is computed with is finite: (x − mean) ÷ deviation of any pixel.
      for (mean, deviation) in zip(file.mean, file.standardDeviation) {
        #expect((mean / deviation).isFinite && ((1 - mean) / deviation).isFinite)
      }
      let shape = try? #require(file.architecture as? TransformerShape)
      #expect((shape?.features.layerNormEpsilon ?? 0) > 0)
      #expect((1...65536).contains(file.preprocessing.resize ?? 1))
    }
    #expect(count < 390, "\(count)")
  }

  @Test(arguments: FileMutator.numbers)
  func `numbers at the edges are read or refused wherever they stand`(number: String) {
    for text in Self.configurations {
      for key in text.matches(of: /"(\w+)": (\[[^\]]*\]|[\w.-]+)/).map(\.output) {
        for value in [number, "[\(number)]", "[\(number), \(number), \(number)]"] {
          let changed = text.replacing("\"\(key.1)\": \(key.2)", with: "\"\(key.1)\": \(value)")
          do throws(ModelFileError) {
            let file = try ModelConfigurationFile(bytes: Array(changed.utf8), name: "f")
            #expect(file.standardDeviation.allSatisfy { $0 >= 1e-6 })
          } catch {
            #expect("\(error)".hasPrefix("f"), "\(error)")
          }
        }
      }
    }
  }
}
