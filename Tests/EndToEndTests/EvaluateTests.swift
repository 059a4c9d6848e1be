import Foundation
import ModelFiles
import Testing
import TestSupport

@Suite(.timeLimit(.minutes(20))) struct EvaluateTests {
  @Test(arguments: [("4:4", 444), ("3:4", 445), ("2:4", 426), ("1:4", 103)])
  func `the digits model counts what PyTorch counts`(pattern: String, correct: Int) throws {
    let json = try Program.run([
      "evaluate", "--model", "\(Checkout.demoData)/digits_vit_dense.safetensors",
      "--data", "\(Checkout.demoData)/search.safetensors", "--uniform", pattern, "--json",
    ]).json()
    #expect(json["images"] as? Int == 450)
    #expect(abs(try #require(json["correct"] as? Int) - correct) <= 1)
    #expect(json["precision"] as? String == "f32")
    let macs = try #require(json["macs"] as? Int)
    let denseMacs = try #require(json["denseMacs"] as? Int)
    #expect(pattern == "4:4" ? macs == denseMacs : macs < denseMacs)
  }

  @Test func `logits are written in the order of the set`() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/logits.safetensors"
    let json = try Program.run([
      "evaluate", "--model", "\(Checkout.demoData)/digits_vit_dense.safetensors",
      "--data", "\(Checkout.demoData)/search.safetensors", "--logits", path, "--json",
    ]).json()
    let file = try SafetensorsFile(path: path)
    let (shape, logits) = try file.floats("logits")
    #expect(shape == [450, 10])
    let labels = try file.withBytes(of: "labels") { bytes in
      (0..<450).map { Int(bytes[4 * $0]) }
    }
    let correct = labels.enumerated().count { image, label in
      let own = logits[10 * image..<10 * (image + 1)]
      return own[10 * image + label] == own.max()
    }
    #expect(json["correct"] as? Int == correct)
  }

  @Test func `a genome file is evaluated like the pattern it holds`() throws {
    let folder = try TemporaryFolder()
    let layers = (0..<6).flatMap { block in
      ["attn.qkv", "attn.proj", "mlp.fc1", "mlp.fc2"].map { "\"blocks.\(block).\($0)\": \"2:4\"" }
    }
    let genome = try folder.write(
      "{\"model\": \"vit_digits\", \"layers\": {\(layers.joined(separator: ", "))}}",
      to: "genome.json")
    let json = try Program.run([
      "evaluate", "--model", "\(Checkout.demoData)/digits_vit_dense.safetensors",
      "--data", "\(Checkout.demoData)/search.safetensors", "--genome", genome, "--json",
    ]).json()
    #expect(abs(try #require(json["correct"] as? Int) - 426) <= 1)
  }

  @Test func `every genome of a file is measured, image by image`() throws {
    let folder = try TemporaryFolder()
    let lines = ["4:4", "2:4"].map { pattern in
      let layers = (0..<6).flatMap { block in
        ["attn.qkv", "attn.proj", "mlp.fc1", "mlp.fc2"].map {
          "\"blocks.\(block).\($0)\": \"\(pattern)\""
        }
      }
      return "{\"decisions\": {\(layers.joined(separator: ", "))}}"
    }
    let file = try folder.write(lines.joined(separator: "\n\n"), to: "many.jsonl")
    let arguments = [
      "evaluate", "--model", "\(Checkout.demoData)/digits_vit_dense.safetensors", "--data",
      "\(Checkout.demoData)/search.safetensors", "--genomes",
    ]
    let ending = try Program.run(arguments + [file])
    #expect(ending.status == 0, "\(ending.errors)")
    let measured = try ending.output.split(separator: "\n").map { line in
      try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
    #expect(measured.map { $0["line"] as? Int } == [1, 3])
    for (result, expected) in zip(measured, [444, 426]) {
      let count = try #require(result["correctCount"] as? Int)
      #expect(abs(count - expected) <= 1)
      #expect((result["losses"] as? [Double])?.count == 450)
      let digits = try #require(result["correct"] as? String)
      #expect(digits.compactMap(\.hexDigitValue).reduce(0) { $0 + $1.nonzeroBitCount } == count)
    }
    let wrong = try folder.write("{\"decisions\": {\"a\": \"2:4\"}}", to: "wrong.jsonl")
    let refused = try Program.run(arguments + [wrong])
    #expect(refused.status != 0 && refused.errors.contains("wrong.jsonl:1"), "\(refused.errors)")
  }

  @Test func `packing a folder of images counts what is broken`() throws {
    let folder = try TemporaryFolder()
    let fixtures = URL(filePath: "\(Checkout.fixtures)/images").path
    let names = try FileManager.default.contentsOfDirectory(atPath: fixtures)
      .filter { $0.hasSuffix(".png") }.sorted()
    let images = folder.file("set")
    for (label, name) in names.prefix(2).enumerated() {
      let target = "\(images)/class\(label)"
      try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        atPath: "\(fixtures)/\(name)", toPath: "\(target)/\(name)")
    }
    try Data("no image".utf8).write(to: URL(filePath: "\(images)/class0/broken.png"))
    let arguments = [
      "pack", images, "--model", Checkout.demoData, "--output", folder.file("set.safetensors"),
      "--json",
    ]
    let refused = try Program.run(arguments)
    #expect(refused.status == 1)
    #expect(refused.errors.contains("broken.png"))
    let json = try Program.run(arguments + ["--skip-broken"]).json()
    #expect(json["images"] as? Int == 2)
    #expect((json["broken"] as? [String])?.count == 1)
  }

  @Test func `the simulator keeps every rule and repeats itself in another process`() throws {
    let endings = try (0..<2).map { _ in
      try Program.run(["simulate", "--seeds", "0..20", "--json"])
    }
    #expect(endings[0].status == 0, "\(endings[0].errors)")
    #expect(endings[0].output == endings[1].output)
    #expect(endings[0].output.contains("digest"))
  }
}
