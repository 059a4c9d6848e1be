import Foundation
import Testing
import TestSupport

@Suite(.timeLimit(.minutes(20))) struct PruneTests {
  private static let model = "\(Checkout.demoData)/digits_vit_dense.safetensors"
  private static let search = "\(Checkout.demoData)/search.safetensors"
  private static let train =
    "\(Checkout.fixtures)/digits/train.safetensors"

  @Test func `a pruned checkpoint counts what its pruning counts, in every form`() throws {
    let folder = try TemporaryFolder()
    let pruning = [
      "--model", Self.model, "--uniform", "1:4", "--pruning", "reconstruction", "--calibration",
      Self.train,
    ]
    let direct = try Program.run(
      ["evaluate", "--data", Self.search, "--json"] + pruning
    ).json()
    let correct = try #require(direct["correct"] as? Int)
    #expect(correct > 400)
    let (dense, compressed) = (folder.file("p.safetensors"), folder.file("c.safetensors"))
    let report = try Program.run(
      ["prune", "--output", dense, "--compressed", compressed, "--json"] + pruning
    ).json()
    #expect(report["keptWeights"] as? Int == 73728)
    for arguments in [[dense], [compressed], [dense, "--genome", folder.file("p.genome.json")]] {
      let json = try Program.run(
        ["evaluate", "--data", Self.search, "--json", "--model"] + arguments
      ).json()
      #expect(abs(try #require(json["correct"] as? Int) - correct) <= 1)
    }
  }

  @Test func `blocks are pruned to a density, and curves tell what that costs`() throws {
    let folder = try TemporaryFolder()
    let (checkpoint, curve) = (folder.file("blocks.safetensors"), folder.file("curve.json"))
    let report = try Program.run([
      "prune", "--model", Self.model, "--blocks", "4x4", "--density", "0.9", "--calibration",
      Self.train, "--output", checkpoint, "--curve", curve, "--statistics-cache", "none", "--json",
    ]).json()
    let kept = try #require(report["keptWeights"] as? Int)
    let weights = try #require(report["weights"] as? Int)
    #expect(abs(Double(kept) / Double(weights) - 0.9) < 0.02)
    let content = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: curve)))
    let file = try #require(content as? [String: Any])
    let layers = try #require(file["layers"] as? [String: [[String: Double]]])
    #expect(layers.count == 24)
    let points = try #require(layers["blocks.3.mlp.fc2"])
    #expect(points.count == 101)
    #expect(points[0]["density"] == 0)
    #expect(abs(try #require(points[0]["outputError"]) - 1) < 1e-9)
    #expect(points[100]["outputError"] == 0)
    let evaluated = try Program.run([
      "evaluate", "--model", checkpoint, "--data", Self.search, "--json",
    ]).json()
    #expect(try #require(evaluated["correct"] as? Int) > 400)
  }

  @Test func `a run's bank prunes and evaluates what it holds`() throws {
    let folder = try TemporaryFolder()
    let runFile = try folder.write(
      """
      model: {weights: \(Self.model)}
      data: {search: \(Self.search), calibration: \(Self.train)}
      patterns: ["2:4", "4:4"]
      pruning: wanda
      accelerator: {profile: systolic32, batch: 8}
      search: {population: 4, evaluations: 6, seed: 3}
      """, to: "run.yaml")
    let directory = folder.file("run")
    let ending = try Program.run([
      "search", runFile, "--workers", "1", "--run-directory", directory,
    ])
    #expect(ending.status == 0, "\(ending.errors)")
    let bank = "\(directory)/bank.safetensors"
    let arguments = ["--model", Self.model, "--uniform", "2:4"]
    let direct = try Program.run(
      ["evaluate", "--data", Self.search, "--json", "--pruning", "wanda", "--calibration"]
        + [Self.train, "--statistics-cache", "none"] + arguments
    ).json()
    let stored = try Program.run(
      ["evaluate", "--data", Self.search, "--json", "--bank", bank] + arguments
    ).json()
    #expect(stored["correct"] as? Int == direct["correct"] as? Int)
    #expect(stored["pruning"] as? String == "wanda")
    try prunesPoints(of: directory, bank: bank, in: folder)
    let missing = try Program.run(
      ["evaluate", "--data", Self.search, "--bank", bank, "--model", Self.model, "--uniform"]
        + ["5:8"])
    #expect(missing.status == 1)
    #expect(missing.errors.contains("holds blocks.0.attn.qkv not in 5:8, only in 2:4, 4:4"))
  }

  /// A point of the front is pruned from the run alone, and evaluated from `front.json`, alike.
  private func prunesPoints(of run: String, bank: String, in folder: TemporaryFolder) throws {
    let front = try Program.run(["front", run, "--json"]).json()
    let points = try #require(front["points"] as? [[String: Any]])
    let last = try #require(points.last)
    let checkpoint = folder.file("point.safetensors")
    let pruned = try Program.run([
      "prune", "--run", run, "--point", "\(points.count)", "--output", checkpoint, "--json",
    ])
    #expect(pruned.errors.contains("is candidate #\(try #require(last["candidate"]))"))
    #expect(try pruned.json()["pruning"] as? String == "wanda")
    let arguments = ["--model", checkpoint, "--data", Self.search, "--precision", "bf16", "--json"]
    for genome in [folder.file("point.genome.json"), "\(run)/front.json"] {
      let place = genome.hasSuffix("front.json") ? ["--point", "\(points.count)"] : []
      let json = try Program.run(["evaluate", "--genome", genome] + place + arguments).json()
      #expect(json["correct"] as? Int == last["correct"] as? Int)
    }
    for (place, diagnostic) in [("99", "no point 99"), ("0", "points count from 1")] {
      let arguments = ["prune", "--run", run, "--point", place, "--output", checkpoint]
      let refused = try Program.run(arguments)
      #expect(refused.status != 0 && refused.errors.contains(diagnostic), "\(refused.errors)")
    }
  }

  @Test(arguments: [
    ["--model", "m", "--run", "r", "--point", "1"], ["--run", "r"], ["--point", "1"],
    ["--run", "r", "--point", "1", "--uniform", "2:4"],
    ["--run", "r", "--point", "1", "--bank", "b"],
    ["--model", "m", "--uniform", "2:4", "--point", "1"],
    ["--model", "m", "--genome", "elsa:1111", "--point", "1"],
  ])
  func `a run and its point go together and stand alone`(arguments: [String]) throws {
    let refused = try Program.run(["prune", "--output", "p.safetensors"] + arguments)
    #expect(refused.status == 2, "\(refused.errors)")
  }

  @Test func `images that are evaluated may not calibrate`() throws {
    let refused = try Program.run([
      "evaluate", "--model", Self.model, "--data", Self.search, "--uniform", "2:4", "--pruning",
      "wanda", "--calibration", Self.search,
    ])
    #expect(refused.status == 1)
    #expect(refused.errors.contains("450 calibration images are also among the evaluated images"))
  }
}
