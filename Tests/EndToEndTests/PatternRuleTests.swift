import Foundation
import Testing
import TestSupport

/// Searches whose run files say more of patterns than one list for all layers.
@Suite(.serialized, .timeLimit(.minutes(20))) struct PatternRuleTests {
  private func runFile(_ lines: String, in folder: TemporaryFolder) throws -> String {
    try folder.write(
      """
      model: {weights: \(Checkout.demoData)/digits_vit_dense.safetensors}
      data: {search: \(Checkout.demoData)/search.safetensors}
      search: {population: 8, evaluations: 24, seed: 3}
      \(DigitsRun.numerics)
      \(lines)
      """, to: "run.yaml")
  }

  @Test func `layers keep to their own patterns, and what is fixed stays`() throws {
    let folder = try TemporaryFolder()
    let path = try runFile(
      """
      patterns:
        default: ["1:4", "2:4", "4:4"]
        "blocks.0.*": ["4:4"]
        "*.attn.proj": ["2:4", "3:4"]
      fixed: {blocks.5.mlp.fc2: "1:4"}
      """, in: folder)
    let ending = try Program.run([
      "search", path, "--workers", "1", "--run-directory", folder.file("run"), "--json",
    ])
    #expect(ending.status == 0, "\(ending.errors)")
    let front = try ending.json()
    let points = try #require(front["points"] as? [[String: Any]])
    #expect(!points.isEmpty)
    for point in points {
      let genome = try #require(point["genome"] as? [String: Any])
      let choices = try #require(genome["decisions"] as? [String: String])
      #expect(choices.count == 24)
      #expect(choices["blocks.5.mlp.fc2"] == "1:4")
      for (name, choice) in choices {
        if name.hasSuffix(".attn.proj") {
          #expect(["2:4", "3:4"].contains(choice), "\(name) \(choice)")
        } else if name.hasPrefix("blocks.0.") {
          #expect(choice == "4:4", "\(name) \(choice)")
        } else {
          #expect(["1:4", "2:4", "4:4"].contains(choice), "\(name) \(choice)")
        }
      }
    }
    let decisions = try #require(front["decisions"] as? [String: [String]])
    #expect(decisions["blocks.5.mlp.fc2"] == ["1:4"])
    #expect(decisions["blocks.0.attn.proj"] == ["2:4", "3:4"])
  }

  @Test func `a rule that matches nothing ends the command before anything is written`() throws {
    let folder = try TemporaryFolder()
    let path = try runFile(
      #"patterns: {default: ["2:4", "4:4"], "layers.0.*": ["4:4"]}"#, in: folder)
    let ending = try Program.run([
      "search", path, "--workers", "1", "--run-directory", folder.file("run"),
    ])
    #expect(ending.status == 2, "\(ending.errors)")
    #expect(ending.errors.contains("\"layers.0.*\" matches no layer"), "\(ending.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("run/journal.sqlite")))
    let check = try Program.run(["check", path])
    #expect(check.output.contains("matches no layer"), "\(check.output)")
  }
}
