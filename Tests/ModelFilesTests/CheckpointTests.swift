import Foundation
import ModelFiles
import Testing
import TestSupport

/// Files of a folder, of tensors that hold one number each.
private struct CheckpointFolder {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func write(_ names: [String], to file: String) throws {
    try writeSafetensors(
      names.enumerated().map { NewTensor(name: $1, shape: [1], values: [Float($0)]) },
      metadata: ["format": "pt"], to: folder.file(file))
  }

  func writeIndex(_ shards: [String: String]) throws -> String {
    let map = shards.sorted { $0.key < $1.key }.map { "\"\($0)\": \"\($1)\"" }
    return try folder.write(
      "{\"metadata\": {\"total_size\": 12}, \"weight_map\": {\(map.joined(separator: ", "))}}",
      to: "model.safetensors.index.json")
  }
}

/// The fault of a checkpoint that cannot be used.
private func fault(_ path: String, prefix: String? = nil) -> CheckpointFault? {
  do {
    _ = try Checkpoint(path: path, prefix: prefix)
  } catch ModelFileError.checkpoint(_, let fault) {
    return fault
  } catch {
    Issue.record("\(error)")
  }
  return nil
}

struct CheckpointTests {
  private let anchor = "patch_embed.proj.weight"

  @Test func `shards are one checkpoint, whose hash is that of the file they join to`() throws {
    let files = try CheckpointFolder()
    let (first, second) = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    try files.write([anchor, "norm.bias"], to: first)
    try files.write(["head.bias"], to: second)
    let index = try files.writeIndex([anchor: first, "norm.bias": first, "head.bias": second])
    let checkpoint = try Checkpoint(path: index)
    #expect(checkpoint.names == ["head.bias", "norm.bias", anchor])
    #expect(!checkpoint.isWholeFile)
    #expect(try checkpoint.floats("norm.bias").values == [1])
    let joined = files.folder.file("joined.safetensors")
    try checkpoint.write(to: joined)
    let whole = try Checkpoint(path: joined)
    #expect(whole.isWholeFile && whole.names == checkpoint.names)
    #expect(try whole.contentHash() == checkpoint.contentHash())
    #expect(try whole.metadata == ["format": "pt"] && whole.floats("norm.bias").values == [1])
    // Any shard leads to all of them.
    let found = try Checkpoint(path: files.folder.file(second))
    #expect(found.path == index && found.names == checkpoint.names)
  }

  @Test func `an index that does not fit its shards is refused`() throws {
    let files = try CheckpointFolder()
    let shard = "model-00001-of-00002.safetensors"
    try files.write([anchor], to: shard)
    let path = files.folder.file(shard)
    #expect(fault(path) == .singleShard(index: files.folder.file("model.safetensors.index.json")))
    let index = try files.writeIndex([anchor: shard, "head.bias": shard])
    #expect(fault(index) == .otherShard(path: path, tensor: "head.bias", isMissing: true))
    try files.write([anchor, "gate"], to: shard)
    _ = try files.writeIndex([anchor: shard])
    #expect(fault(index) == .otherShard(path: path, tensor: "gate", isMissing: false))
    for name in ["../\(shard)", "/etc/passwd", "model.bin"] {
      _ = try files.writeIndex([anchor: name])
      guard case .invalidIndex? = fault(index) else {
        Issue.record("\(name) is taken")
        return
      }
    }
  }

  @Test func `of several models one is chosen by its prefix`() throws {
    let files = try CheckpointFolder()
    try files.write(
      ["model.\(anchor)", "model.norm.bias", "ema.\(anchor)", "ema.norm.bias", "step"],
      to: "both.safetensors")
    let path = files.folder.file("both.safetensors")
    #expect(fault(path) == .severalModels(prefixes: ["ema.", "model."]))
    #expect(
      fault(path, prefix: "other.") == .unknownPrefix("other.", prefixes: ["ema.", "model."]))
    let checkpoint = try Checkpoint(path: path, prefix: "ema")
    #expect(checkpoint.names == ["norm.bias", anchor] && !checkpoint.isWholeFile)
    #expect(try checkpoint.floats("norm.bias").values == [3])
    #expect(checkpoint.notifications.contains { $0.contains("outside") })
  }

  @Test func `a model whose prefix begins that of another is taken without the other's tensors`()
    throws
  {
    let files = try CheckpointFolder()
    for (prefix, other) in [("", "model_ema."), ("model.", "model.ema.")] {
      try files.write(
        [prefix + anchor, prefix + "norm.bias", other + anchor, other + "norm.bias"],
        to: "both.safetensors")
      let path = files.folder.file("both.safetensors")
      #expect(fault(path) == .severalModels(prefixes: [prefix, other]))
      #expect(try Checkpoint(path: path, prefix: prefix).names == ["norm.bias", anchor])
      #expect(try Checkpoint(path: path, prefix: other).names == ["norm.bias", anchor])
    }
  }

  @Test func `what lies outside a prefix is refused unless the prefix is asked for`() throws {
    let files = try CheckpointFolder()
    try files.write(["model.\(anchor)", "normalize.mean"], to: "m.safetensors")
    let path = files.folder.file("m.safetensors")
    #expect(fault(path) == .outside(tensor: "normalize.mean", prefix: "model."))
    #expect(try Checkpoint(path: path, prefix: "model.").names == [anchor])
  }

  @Test func `an index that ends anywhere is refused or read, never a trap`() throws {
    let files = try CheckpointFolder()
    let shard = "model-00001-of-00001.safetensors"
    try files.write([anchor], to: shard)
    let path = try files.writeIndex([anchor: shard])
    let bytes = try Data(contentsOf: URL(filePath: path))
    for count in 0..<bytes.count {
      try bytes.prefix(count).write(to: URL(filePath: path))
      #expect(throws: ModelFileError.self) { try Checkpoint(path: path) }
    }
  }

  @Test func `metadata that are null are none`() throws {
    let text = #"{"__metadata__":null,"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
    let header = Array(text.utf8)
    let size = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    let file = try SafetensorsFile(bytes: size + header + [7], name: "f")
    #expect(file.metadata.isEmpty && file.names == ["a"])
  }

  @Test(
    arguments: [
      (
        [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 22) + [16, 0, 0, 0]
          + Array("archive/data.pkl".utf8), ForeignFormat.torch
      ),
      (
        [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 22) + [7, 0, 0, 0]
          + Array("cls.npy".utf8),
        .numpyArchive
      ),
      ([0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9], .torch),
      (Array("version https://git-lfs.github.com/spec/v1\noid sha256:00".utf8), .lfsPointer),
      (Array("\n<!DOCTYPE html>\n<html lang=\"en\">".utf8), .webPage),
      (Array("{\"error\": \"not found\"}".utf8), .json),
    ] as [([UInt8], ForeignFormat)])
  func `files of other formats are recognised by what they hold`(
    bytes: [UInt8], format: ForeignFormat
  ) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("model.safetensors")
    try Data(bytes).write(to: URL(filePath: path))
    #expect(fault(path) == .otherFormat(format))
    #expect(!format.description.isEmpty)
  }
}
