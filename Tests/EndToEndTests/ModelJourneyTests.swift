import Foundation
import ModelFiles
import Testing
import TestSupport

/// From a checkpoint as timm saves it to a pruned one, and what `elsa models` says on the way.
///
/// `Sources/Benchmarks/PyTorchPeer/timm_journey.py` made the model, and loads the result in timm.
@Suite(.timeLimit(.minutes(20))) struct ModelJourneyTests {
  private static let model = "\(Checkout.fixtures)/timm"
  private static let images = "\(model)/images.safetensors"

  private func runFile(
    in folder: TemporaryFolder, model: String, more: String = ""
  ) throws -> String {
    try folder.write(
      """
      model: {weights: \(model)\(more)}
      data: {search: \(Self.images)}
      patterns: ["1:4", "2:4", "4:4"]
      pruning: magnitude
      accelerator: {profile: systolic32, batch: 8}
      search: {population: 4, evaluations: 12, seed: 3}
      precision: f32
      """, to: "run.yaml")
  }

  @Test func `a checkpoint of timm is checked, searched, pruned and measured again`() throws {
    let folder = try TemporaryFolder()
    let found = try Program.run([
      "models", "check", Self.model, "--data", Self.images, "--json",
    ])
    #expect(found.status == 0, "\(found.errors)")
    let report = try found.json()
    #expect(report["classes"] as? Int == 5 && report["imageHeight"] as? Int == 16)
    #expect((report["precision"] as? [String: Int])?.keys.sorted() == ["BF16"])
    let run = folder.file("run")
    let file = try runFile(in: folder, model: Self.model)
    let check = try Program.run(["check", file])
    #expect(check.status == 0, "\(check.output)\(check.errors)")
    let search = try Program.run(["search", file, "--workers", "1", "--run-directory", run])
    #expect(search.status == 0, "\(search.errors)")
    try pruneEveryPoint(of: run, in: folder, type: .bfloat16)
  }

  /// Writes each point of a front and measures it: the count is the one that the front reports.
  private func pruneEveryPoint(
    of run: String, in folder: TemporaryFolder, type: ElementType
  ) throws {
    let front = try Program.run(["front", run, "--json"]).json()
    let points = try #require(front["points"] as? [[String: Any]])
    #expect(points.count > 1)
    for (place, point) in points.enumerated() {
      let output = folder.file("point\(place).safetensors")
      let pruned = try Program.run([
        "prune", "--run", run, "--point", "\(place + 1)", "--output", output,
      ])
      #expect(pruned.status == 0, "\(pruned.errors)")
      let written = try SafetensorsFile(path: output)
      #expect(written.tensors.values.allSatisfy { $0.elementType == type })
      let measured = try Program.run([
        "evaluate", "--model", output, "--data", Self.images, "--json",
      ])
      #expect(measured.status == 0, "\(measured.errors)")
      let accuracy = try #require(point["accuracy"] as? Double)
      let count = try #require(try measured.json()["correct"] as? Int)
      #expect(count == Int((accuracy * 40).rounded()))
    }
  }

  @Test func `a run over shards keeps them as one file, which workers fetch`() throws {
    let folder = try TemporaryFolder()
    let source = try SafetensorsFile(path: "\(Self.model)/model.safetensors")
    var map: [String] = []
    for (place, names) in [source.names.prefix(10), source.names.dropFirst(10)].enumerated() {
      let name = "model-0000\(place + 1)-of-00002.safetensors"
      map += names.map { "\"module.\($0)\": \"\(name)\"" }
      try writeSafetensors(
        names.map { tensor in
          let entry = try source.entry(tensor)
          return NewTensor(
            name: "module.\(tensor)", elementType: entry.elementType, shape: entry.shape,
            bytes: try source.withBytes(of: tensor) { Array(copying: $0) })
        }, to: folder.file(name))
    }
    _ = try folder.write(
      "{\"weight_map\": {\(map.joined(separator: ", "))}}", to: "model.safetensors.index.json")
    try FileManager.default.copyItem(
      atPath: "\(Self.model)/config.json", toPath: folder.file("config.json"))
    let run = folder.file("run")
    let file = try runFile(in: folder, model: folder.path)
    let search = try Program.run(["search", file, "--workers", "2", "--run-directory", run])
    #expect(search.status == 0, "\(search.errors)")
    #expect(search.errors.contains("2 shards"))
    #expect(try Checkpoint(path: "\(run)/model.safetensors").names == source.names)
    try pruneEveryPoint(of: run, in: folder, type: .bfloat16)
  }

  @Test func `one of two models in a file is searched by its prefix`() throws {
    let folder = try TemporaryFolder()
    let source = try SafetensorsFile(path: "\(Self.model)/model.safetensors")
    try writeSafetensors(
      source.names.flatMap { tensor in
        let (shape, values) = try source.floats(tensor)
        return [
          NewTensor(name: "model_ema.\(tensor)", shape: shape, values: values),
          NewTensor(name: "model.\(tensor)", shape: shape, values: values.map { -$0 }),
        ]
      }, to: folder.file("both.safetensors"))
    try FileManager.default.copyItem(
      atPath: "\(Self.model)/config.json", toPath: folder.file("config.json"))
    let both = folder.file("both.safetensors")
    let refused = try Program.run(["models", "check", both])
    #expect(refused.status == 1)
    #expect(refused.errors.contains("\"model.\", \"model_ema.\""), "\(refused.errors)")
    let dense = try Program.run([
      "evaluate", "--model", both, "--data", Self.images, "--prefix", "model_ema.", "--json",
    ])
    #expect(dense.status == 0, "\(dense.errors)")
    #expect(try dense.json()["correct"] as? Int == 40)
    let run = folder.file("run")
    let file = try runFile(in: folder, model: both, more: ", prefix: model_ema.")
    let search = try Program.run(["search", file, "--workers", "1", "--run-directory", run])
    #expect(search.status == 0, "\(search.errors)")
    try pruneEveryPoint(of: run, in: folder, type: .float32)
  }

  @Test func `models lists what is known`() throws {
    let list = try Program.run(["models", "--json"])
    #expect(list.status == 0, "\(list.errors)")
    let families = try #require(try list.json()["families"] as? [[String: Any]])
    #expect(families.count == 2)
    #expect(try Program.run(["models"]).output.contains("deit_tiny_patch16_224"))
  }

  @Test func `--output-precision writes another number format`() throws {
    let folder = try TemporaryFolder()
    for (name, type) in [("f32", ElementType.float32), ("f16", .float16)] {
      let output = folder.file("\(name).safetensors")
      let pruned = try Program.run([
        "prune", "--model", Self.model, "--uniform", "2:4", "--output", output,
        "--output-precision", name,
      ])
      #expect(pruned.status == 0, "\(pruned.errors)")
      #expect(
        try SafetensorsFile(path: output).tensors.values.allSatisfy { $0.elementType == type })
    }
  }
}
