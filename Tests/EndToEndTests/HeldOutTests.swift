import Foundation
import Testing
import TestSupport

/// Images by which nothing is chosen.
@Suite(.serialized, .timeLimit(.minutes(20))) struct HeldOutTests {
  private static func yaml(_ split: String) -> String {
    """
    model: {weights: \(Checkout.demoData)/digits_vit_dense.safetensors}
    data: {images: \(Checkout.demoData)/search.safetensors, split: {\(split), seed: 2}}
    patterns: ["1:4", "2:4", "3:4", "4:4"]
    accelerator: {profile: systolic32, batch: 8}
    search: {population: 20, evaluations: 30, seed: 3}
    \(DigitsRun.numerics)
    """
  }

  private func search(_ run: DigitsRun) throws {
    let ending = try Program.run([
      "search", run.runFile, "--run-directory", run.directory.path, "--workers", "1",
    ])
    try #require(ending.status == 0, "\(ending.errors)")
  }

  @Test func `the confirm set shows who had luck, and how much luck there was`() throws {
    let run = try DigitsRun(yaml: Self.yaml("search: 250, test: 100, confirm: 100"))
    try search(run)
    let front = try run.front()
    let points = try #require(front["points"] as? [[String: Any]])
    #expect(points.count > 2)
    var gaps: [Double] = []
    let candidates = try points.map { try #require($0["candidate"] as? Int) }
    for point in points {
      let confirmed = try #require(point["confirmAccuracy"] as? Double)
      let interval = try #require(point["confirmAccuracyInterval"] as? [String: Double])
      #expect(try #require(interval["lower"]) <= confirmed)
      #expect(try #require(interval["upper"]) >= confirmed)
      #expect(point["testAccuracy"] != nil)
      gaps.append(try #require(point["accuracy"] as? Double) - confirmed)
      // Another is better there at no lower throughput, and nobody else is called beaten.
      let throughput = try #require(point["throughput"] as? Double)
      let better = try points.contains { other in
        let accuracy = try #require(other["confirmAccuracy"] as? Double)
        return try #require(other["throughput"] as? Double) >= throughput && accuracy > confirmed
      }
      #expect((point["beatenBy"] != nil) == better)
      if let rival = point["beatenBy"] as? Int { #expect(candidates.contains(rival)) }
    }
    // What dense itself has less of the confirm set is no luck of anybody's.
    let dense = try #require((front["dense"] as? [String: Any])?["accuracy"] as? Double)
    let denseGap = try dense - #require(front["denseConfirmAccuracy"] as? Double)
    let gap = try #require(front["selectionGap"] as? Double)
    #expect(abs(gap + denseGap - gaps.reduce(0, +) / Double(gaps.count)) < 1e-12)
    let text = try Program.run(["front", run.directory.path]).output
    #expect(text.contains("on confirm set (95 %)") && text.contains("on test set"), "\(text)")
    #expect(text.contains("\nconfirm set: dense "), "\(text)")
  }

  @Test func `a confirm set can come later, and the search stays what it was`() throws {
    let run = try DigitsRun(yaml: Self.yaml("search: 250, test: 100"))
    try search(run)
    let before = try run.front()
    #expect(before["selectionGap"] == nil)
    let later = try run.folder.write(
      Self.yaml("search: 250, test: 100, confirm: 100"), to: "later.yaml")
    let ending = try Program.run([
      "search", later, "--run-directory", run.directory.path, "--workers", "1",
    ])
    try #require(ending.status == 0, "\(ending.errors)")
    let after = try run.front()
    #expect(after["selectionGap"] != nil)
    func tests(_ front: [String: Any]) -> [Double]? {
      (front["points"] as? [[String: Any]])?.compactMap { $0["testAccuracy"] as? Double }
    }
    #expect(after["hypervolume"] as? Double == before["hypervolume"] as? Double)
    #expect(tests(after) == tests(before), "the test images are the same")
  }

  @Test func `a split that wants more than there is says so, and shared images are refused`() throws
  {
    let run = try DigitsRun(yaml: Self.yaml("search: 400, confirm: 100"))
    let ending = try Program.run(["search", run.runFile, "--run-directory", run.directory.path])
    #expect(ending.status != 0 && ending.errors.contains("500"), "\(ending.errors)")
    let set = "\(Checkout.demoData)/search.safetensors"
    let shared = try DigitsRun(
      yaml: """
        model: {weights: \(Checkout.demoData)/digits_vit_dense.safetensors}
        data: {search: \(set), confirm: \(set)}
        patterns: ["2:4", "4:4"]
        accelerator: {profile: systolic32, batch: 8}
        """)
    let refusal = try Program.run([
      "search", shared.runFile, "--run-directory", shared.directory.path,
    ])
    #expect(refusal.status != 0)
    #expect(refusal.errors.contains("search and confirm set share"), "\(refusal.errors)")
  }
}
