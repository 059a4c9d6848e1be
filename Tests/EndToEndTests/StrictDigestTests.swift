import Foundation
import SparseKernels
import SparsityCore
import Testing
import TestSupport

/// What strict runs find, against digests that were committed before the parts of Elsa moved.
///
/// The run files fix the reference point that was usual then, and an arithmetic that every machine
/// with AVX2 reproduces. A digest changes only in a commit that means to change what is found, and
/// says why.
@Suite(
  .serialized, .timeLimit(.minutes(20)),
  .enabled(if: InstructionSet.detected >= .avx2, "needs a processor with AVX2"))
struct StrictDigestTests {
  /// The committed digests, by the name of the run.
  static let committedPath = URL(filePath: "\(Checkout.root)/Tests/Fixtures/strict_digests.json")

  @Test(arguments: ["systolic32", "vegeta"])
  func `the digits model's run finds what it found`(accelerator: String) throws {
    try check(
      "digits \(accelerator)",
      model: "\(Checkout.demoData)/digits_vit_dense.safetensors",
      lines: """
        data: {search: \(Checkout.demoData)/search.safetensors}
        patterns: ["1:4", "2:4", "3:4", "4:4"]
        accelerator: {profile: \(accelerator), batch: 8}
        objectives: [accuracy, throughput]
        referencePoint: {accuracy: 0, throughput: 0}
        search: {algorithm: nsga2, population: 16, evaluations: 48, seed: 3, mode: strict, \
        window: 8}
        fidelity: {shardImages: 90, earlyStopping: false}
        """)
  }

  @Test func `a run on calibrated weights of the digits model finds what it found`() throws {
    try check(
      "digits systolic32 sparsegpt",
      model: "\(Checkout.demoData)/digits_vit_dense.safetensors",
      lines: """
        data: {search: \(Checkout.demoData)/search.safetensors, \
        calibration: \(Checkout.demoData)/test.safetensors}
        patterns: ["1:4", "2:4", "4:4"]
        pruning: sparsegpt
        accelerator: {profile: systolic32, batch: 8}
        objectives: [accuracy, macs, weightBytes]
        referencePoint: {accuracy: 0, macs: 1.1, weightBytes: 1.1}
        search: {algorithm: nsga2, population: 12, evaluations: 24, seed: 5, mode: strict, \
        window: 8}
        fidelity: {shardImages: 225, earlyStopping: false}
        """)
  }

  @Test(
    .needsSharedData("deit_tiny_patch16_224/model.safetensors", "imagenet-val-650/labels.txt"),
    arguments: ["systolic32", "vegeta"])
  func `a run of DeiT-Tiny finds what it found`(accelerator: String) throws {
    let images = try Self.firstImages(16, of: SharedData.path("imagenet-val-650"))
    try check(
      "deit_tiny \(accelerator)",
      model: SharedData.path("deit_tiny_patch16_224/model.safetensors"),
      lines: """
        data: {search: \(images.path), resize: none}
        patterns: ["2:4", "3:4", "4:4"]
        accelerator: {profile: \(accelerator), batch: 4}
        objectives: [accuracy, latency]
        referencePoint: {accuracy: 0, latency: 1.1}
        search: {algorithm: nsga2, population: 6, evaluations: 10, seed: 7, mode: strict, window: 4}
        fidelity: {shardImages: 8, earlyStopping: false}
        """)
  }

  /// Runs a search of two workers and compares its digest with the committed one.
  private func check(_ name: String, model: String, lines: String) throws {
    let folder = try TemporaryFolder()
    let runFile = try folder.write(
      """
      model: {weights: \(model)}
      \(lines)
      precision: f32
      instructionSet: avx2
      """, to: "run.yaml")
    let ending = try Program.run(
      ["search", runFile, "--workers", "2", "--run-directory", folder.file("run")],
      // OpenBLAS would choose by processor how it solves the equations of calibrated weights.
      environment: ["OPENBLAS_CORETYPE": "Haswell"])
    try #require(ending.status == 0, "\(ending.errors)")
    let findings = try RunFindings(ofRunIn: folder.file("run"))
    let committed = try JSONDecoder().decode(
      [String: String].self, from: Data(contentsOf: Self.committedPath))
    guard findings.digest != committed[name] else { return }
    let kept = FileManager.default.temporaryDirectory.appending(
      path: "elsa-findings-\(UUID().uuidString).txt")
    try findings.text.write(to: kept, atomically: true, encoding: .utf8)
    Issue.record(
      """
      \(name) finds \(findings.digest), committed is \(committed[name] ?? "nothing"); \
      the findings lie in \(kept.path)
      """)
  }

  /// Makes a data set of the first images of another one.
  private static func firstImages(_ count: Int, of set: String) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let images = URL(filePath: folder.file("images"))
    try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
    let labels = try String(contentsOfFile: "\(set)/labels.txt", encoding: .utf8)
    let lines = labels.split(separator: "\n").prefix(count)
    try #require(lines.count == count)
    for line in lines {
      let name = try #require(line.split(separator: " ").first.map(String.init))
      try FileManager.default.copyItem(
        at: URL(filePath: "\(set)/images/\(name)"), to: images.appending(path: name))
    }
    _ = try folder.write(lines.joined(separator: "\n") + "\n", to: "labels.txt")
    return folder
  }
}
