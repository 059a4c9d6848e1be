import Foundation
import Testing

struct PruneTests {
  private static let model = "\(Program.demoData)/digits_vit_dense.safetensors"
  private static let search = "\(Program.demoData)/search.safetensors"
  private static let train =
    Program.root.appending(path: "Tests/Fixtures/digits/train.safetensors").path

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

  @Test func `images that are evaluated may not calibrate`() throws {
    let refused = try Program.run([
      "evaluate", "--model", Self.model, "--data", Self.search, "--uniform", "2:4", "--pruning",
      "wanda", "--calibration", Self.search,
    ])
    #expect(refused.status == 1)
    #expect(refused.errors.contains("450 calibration images are also evaluated images"))
  }
}
