import Foundation
import Testing
import TestSupport

/// Image folders of every kind, as commands read them.
@Suite(.timeLimit(.minutes(20))) struct ImageFolderTests {
  private static let model = "\(Checkout.demoData)/digits_vit_dense.safetensors"
  private static let fixtures = URL(filePath: "\(Checkout.fixtures)/images").path

  /// Makes class folders with an image each and returns their folder.
  private func classFolders(_ names: [String], in folder: TemporaryFolder) throws -> String {
    let data = folder.file("data")
    for (name, image) in zip(names, ["grey.png", "rgb.png", "grey.jpg"]) {
      let target = "\(data)/\(name)"
      try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        atPath: "\(Self.fixtures)/\(image)", toPath: "\(target)/\(image)")
    }
    return data
  }

  private func evaluate(_ data: String, _ arguments: [String] = []) throws -> RunningProcess.Ending
  {
    try Program.run(["evaluate", "--model", Self.model, "--data", data, "--json"] + arguments)
  }

  @Test func `class folders that are not the model's are refused without a class map`() throws {
    let folder = try TemporaryFolder()
    let data = try classFolders(["cat", "dog", "fox"], in: folder)
    let refused = try evaluate(data)
    #expect(refused.status == 1)
    #expect(refused.output.isEmpty)
    #expect(
      refused.errors.contains(
        "\(data) has 3 class folders (cat, dog, fox), the model 10 outputs; write "
          + "\(data)/classes.txt (or give --class-map"))
    let map = try folder.write("fox 9\ncat 0\ndog 4\n", to: "map.txt")
    let mapped = try evaluate(data, ["--class-map", map])
    #expect(mapped.status == 0, "\(mapped.errors)")
    #expect(mapped.errors.contains("3 class folders have the outputs that \(map) gives them"))
    #expect(try mapped.json()["images"] as? Int == 3)
    _ = try folder.write("cat\ndog\nfox\n", to: "data/classes.txt")
    let withFile = try evaluate(data)
    #expect(withFile.status == 0)
    #expect(withFile.errors.contains("\(data)/classes.txt gives them"))
  }

  @Test func `sets one level too high are refused and the right folder is named`() throws {
    let folder = try TemporaryFolder()
    let data = try classFolders(["train", "val"], in: folder)
    let refused = try evaluate(data)
    #expect(refused.status == 1)
    #expect(refused.errors.contains("train, val, which are sets and no classes"))
    #expect(refused.errors.contains("as in \(data)/train"))
  }

  @Test func `a packed set of other classes says so, and measures no accuracy`() throws {
    let folder = try TemporaryFolder()
    let data = try classFolders(["cat", "dog"], in: folder)
    let packed = folder.file("packed.safetensors")
    let packing = try Program.run(["pack", data, "--model", Self.model, "--output", packed])
    #expect(packing.status == 0)
    #expect(packing.errors.contains("it can calibrate, but measure no accuracy"))
    let refused = try evaluate(packed)
    #expect(refused.status == 1)
    #expect(refused.errors.contains("2 class folders (cat, dog), the model 10 outputs"))
  }

  @Test(arguments: ["search", "images"])
  func `a run file's class map gives class folders their outputs`(key: String) throws {
    let folder = try TemporaryFolder()
    let data = try classFolders(["cat", "dog", "fox"], in: folder)
    _ = try folder.write("fox 9\ncat 0\ndog 4\n", to: "map.txt")
    func search(_ directory: String, _ classMap: String) throws -> RunningProcess.Ending {
      let split = key == "images" ? ", split: {search: 2, test: 1}" : ""
      let run = try folder.write(
        """
        model: {weights: \(Self.model)}
        data: {\(key): \(data)\(split)\(classMap)}
        patterns: ["2:4", "4:4"]
        search: {population: 4, evaluations: 4}
        """, to: "run.yaml")
      return try Program.run([
        "search", run, "--workers", "1", "--run-directory", folder.file(directory),
      ])
    }
    let refused = try search("refused", "")
    #expect(refused.status == 1)
    #expect(refused.errors.contains("the model 10 outputs"), "\(refused.errors)")
    let done = try search("done", ", classMap: map.txt")
    #expect(done.status == 0, "\(done.errors)")
    #expect(done.errors.contains("have the outputs that \(folder.path)"))
  }

  @Test func `an image in place of a set is called one`() throws {
    let folder = try TemporaryFolder()
    let image = "\(Self.fixtures)/grey.jpg"
    let diagnostic = "\(image) is an image (JPEG); expected a folder or a packed set"
    let packing = try Program.run([
      "pack", image, "--model", Self.model, "--output", folder.file("p.safetensors"),
    ])
    for ending in [packing, try evaluate(image)] {
      #expect(ending.status == 1)
      #expect(ending.errors.contains(diagnostic), "\(ending.errors)")
    }
  }

  @Test func `files that are no images are counted and named`() throws {
    let folder = try TemporaryFolder()
    let data = try classFolders(["cat", "dog"], in: folder)
    _ = try folder.write("cat\ndog\n", to: "data/classes.txt")
    _ = try folder.write("about cats", to: "data/cat/notifications.txt")
    try FileManager.default.moveItem(
      atPath: "\(data)/dog/rgb.png", toPath: "\(data)/dog/unnamed")
    let ending = try evaluate(data)
    #expect(ending.status == 0)
    #expect(ending.errors.contains("1 file is no image and is passed over: cat/notifications.txt"))
    #expect(try ending.json()["images"] as? Int == 2)
  }
}
