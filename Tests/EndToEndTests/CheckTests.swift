import Foundation
import Testing
import TestSupport

@Suite(.timeLimit(.minutes(20))) struct CheckTests {
  private static let search = "\(Checkout.demoData)/search.safetensors"
  private static let train =
    "\(Checkout.fixtures)/digits/train.safetensors"

  /// Writes a run file on the digits model, with some lines in place of the usual ones.
  private static func runFile(
    in folder: TemporaryFolder,
    model: String = "{weights: \(Checkout.demoData)/digits_vit_dense.safetensors}",
    data: String = "{search: \(search)}", lines: String = "",
    numerics: String = DigitsRun.numerics
  ) throws -> String {
    try folder.write(
      """
      model: \(model)
      data: \(data)
      patterns: ["1:4", "2:4", "4:4"]
      accelerator: {profile: systolic32, batch: 8}
      search: {mode: strict, window: 8, population: 8, evaluations: 1000, seed: 3}
      fidelity: {shardImages: 225}
      \(lines)
      \(numerics)
      """, to: "run.yaml")
  }

  @Test func `a sound run file gets a forecast, and nothing is written`() throws {
    let folder = try TemporaryFolder()
    let path = try Self.runFile(
      in: folder, data: "{search: \(Self.search), calibration: \(Self.train)}",
      lines: "pruning: wanda\nconstraints: {macs: {atMost: 0.9}}")
    let before = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    let arguments = [
      "check", path, "--run-directory", folder.file("run"), "--bind", "tcp://127.0.0.1:*",
      "--slots", "40",
    ]
    let ending = try Program.run(arguments + ["--json"], in: folder.path)
    #expect(ending.status == 0, "\(ending.errors)\(ending.output)")
    #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.path) == before)
    let report = try ending.json()
    let findings = try #require(report["findings"] as? [[String: Any]])
    #expect(findings.allSatisfy { $0["level"] as? String != "failing" })
    let checks = findings.compactMap { $0["check"] as? String }
    for name in ["run file", "model", "constraints", "search", "calibration", "run directory"] {
      #expect(checks.contains(name), "\(checks)")
    }
    let images = try #require(report["images"] as? [[String: Any]])
    #expect(images.map { $0["role"] as? String } == ["search", "calibration"])
    #expect(images[0]["images"] as? Int == 450)
    #expect(images[0]["bytes"] as? Int == 450 * 64)
    let forecast = try #require(report["forecast"] as? [String: Any])
    #expect(forecast["imageEvaluations"] as? Int == 450_000)
    #expect(forecast["slotsMax"] as? Int == 16)
    let hours = try #require(forecast["hours"] as? [[String: Any]])
    let rate = try #require(forecast["imagesPerSecondPerSlot"] as? Double)
    for entry in hours {
      let slots = try #require(entry["slots"] as? Int)
      let expected = 450_000 / (rate * Double(min(slots, 16)) * 3600)
      #expect(abs(try #require(entry["hours"] as? Double) - expected) < 1e-6)
    }
    #expect(hours.contains { $0["slots"] as? Int == 40 })
    let memory = try #require(report["memory"] as? [String: Any])
    #expect(try #require(memory["workerBytes"] as? Int) > 1 << 20)
    let diagnostic = try Program.run(arguments)
    #expect(
      diagnostic.output.contains("slots like these")
        && diagnostic.output.contains("images/s on a slot"))
    #expect(diagnostic.output.contains("keeps at most 16 slots busy"))
  }

  @Test(arguments: [
    ("{weights: nowhere.safetensors}", "{search: S}", "", "nowhere.safetensors"),
    ("M", "{search: nowhere/}", "", "nowhere"),
    ("M", "{search: S, test: S}", "", "450 images of the test set are also in the search set"),
    ("M", "{images: S, split: {search: 400, test: 60}}", "", "the split wants 460 images of 450"),
    ("M", "{search: S, calibration: S}", "pruning: wanda", "of the calibration set are also in"),
    ("M", "{search: S}", "constraints: {macs: {atMost: 0.01}}", "no genome can meet"),
    ("M", "{search: S}", "accelerator: {profile: nothing}", "nothing"),
    ("M", "{search: S}", "accelerator: {profile: ./own.yaml}", "own.yaml"),
  ])
  func `what is wrong is named, with the status that the run would end with`(
    model: String, data: String, lines: String, diagnostic: String
  ) throws {
    let folder = try TemporaryFolder()
    let weights = "{weights: \(Checkout.demoData)/digits_vit_dense.safetensors}"
    let text = """
      model: \(model.replacing("M", with: weights))
      data: \(data.replacing("S", with: Self.search))
      patterns: ["2:4", "4:4"]
      search: {evaluations: 20, population: 8}
      \(lines)
      """
    let path = try folder.write(text, to: "run.yaml")
    let ending = try Program.run(["check", path])
    #expect(ending.status == (lines.contains("constraints") ? 2 : 1), "\(ending.errors)")
    #expect(ending.output.contains(diagnostic), "\(ending.output)\(ending.errors)")
    #expect(ending.output.contains("✗"))
    #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.path) == ["run.yaml"])
    let run = try Program.run(["coordinator", path, "--run-directory", folder.file("run")])
    #expect(run.status == ending.status, "\(run.errors)")
  }

  @Test func `a broken image, a place and an address are named, all at once`() throws {
    let folder = try TemporaryFolder()
    for name in ["val/0", "val/1", "run"] {
      try FileManager.default.createDirectory(
        atPath: folder.file(name), withIntermediateDirectories: true)
    }
    let picture = URL(filePath: "\(Checkout.fixtures)/images")
    let names = try FileManager.default.subpathsOfDirectory(atPath: picture.path).sorted()
    let png = try #require(names.first { $0.hasSuffix(".png") })
    try FileManager.default.copyItem(
      atPath: picture.appending(path: png).path, toPath: folder.file("val/0/a.png"))
    _ = try folder.write("no picture", to: "val/1/b.png")
    _ = try folder.write("0\n1\n", to: "val/classes.txt")
    _ = try folder.write("x", to: "run/run.yaml")
    let path = try Self.runFile(in: folder, data: "{search: \(folder.file("val"))}")
    let ending = try Program.run([
      "check", path, "--run-directory", folder.file("run"), "--bind", "udp://somewhere",
    ])
    #expect(ending.status == 1)
    for diagnostic in ["1 broken", "run/run.yaml:1:1", "udp://somewhere"] {
      #expect(ending.output.contains(diagnostic), "\(diagnostic): \(ending.output)")
    }
  }

  @Test func `a run file that cannot be read is refused with its place`() throws {
    let folder = try TemporaryFolder()
    let path = try Self.runFile(in: folder, lines: "precision: f64", numerics: "")
    let ending = try Program.run(["check", path, "--json"])
    #expect(ending.status == 2)
    #expect(ending.errors.contains("run.yaml:7:12: precision is \"f64\""), "\(ending.errors)")
  }
}
