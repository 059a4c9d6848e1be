import Foundation
import Testing
import TestSupport

@Suite(.serialized, .timeLimit(.minutes(20))) struct AcceleratorsTests {
  @Test func `the built-in profiles are listed, shown and sound`() throws {
    let list = try Program.run(["accelerators", "list", "--json"])
    let entries = try #require(
      try JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [[String: Any]])
    let names = entries.compactMap { $0["name"] as? String }
    for name in [
      "systolic32", "systolic16", "vegeta", "a100", "h100", "h200", "mi300x", "edge-tpu", "s2ta",
    ] {
      #expect(names.contains(name))
    }
    let folder = try TemporaryFolder()
    let shown = try Program.run(["accelerators", "show", "mi300x"])
    let path = try folder.write(shown.output, to: "card.yaml")
    let report = try Program.run(["accelerators", "validate", path, "--json"]).json()
    let listed = try #require(entries.first { $0["name"] as? String == "mi300x" })
    #expect(report["hash"] as? String == listed["hash"] as? String)
    #expect(report["parametersWithoutSource"] as? [String] == [])
  }

  @Test func `a profile from a file estimates as the one it was shown from`() throws {
    let folder = try TemporaryFolder()
    let shown = try Program.run(["accelerators", "show", "vegeta", "--json"])
    let path = try folder.write(shown.output, to: "v.json")
    let arguments = ["estimate", "--model", "deit_tiny_patch16_224", "--uniform", "1:4", "--json"]
    let own = try Program.run(arguments + ["--accelerator", path])
    let builtIn = try Program.run(arguments + ["--accelerator", "vegeta"])
    #expect(own.status == 0, "\(own.errors)")
    #expect(own.output == builtIn.output)
  }

  @Test(arguments: [
    ("clockHz: 500000000", "clockHz: -1", "bad.yaml:5:10: clockHz is -1"),
    ("{n: 2, m: 4}", "{n: 5, m: 4}", "the level 5:4 keeps more weights"),
    ("bytesPerSecond: 94000000000", "", "the key \"dram.bytesPerSecond\" is missing; give"),
    ("efficiency: 1", "efficiency: NaN", "dram.efficiency is \"NaN\""),
    ("fallback:", "fallbacks:", "unknown key \"fallbacks\""),
  ])
  func `a bad profile is refused with file, line and remedy`(
    line: String, other: String, diagnostic: String
  ) throws {
    let folder = try TemporaryFolder()
    let shown = try Program.run(["accelerators", "show", "vegeta"])
    #expect(shown.output.contains(line))
    let path = try folder.write(
      shown.output.replacingOccurrences(of: line, with: other), to: "bad.yaml")
    for arguments in [
      ["accelerators", "validate", path], ["estimate", "--gemm", "8x8x8", "--accelerator", path],
    ] {
      let ending = try Program.run(arguments)
      #expect(ending.status == 1)
      #expect(ending.errors.contains(diagnostic), "\(ending.errors)")
    }
  }

  @Test func `a search serves energy and bytes on a profile of its own`() throws {
    let folder = try TemporaryFolder()
    let shown = try Program.run(["accelerators", "show", "s2ta"])
    _ = try folder.write(
      shown.output.replacingOccurrences(of: "name: s2ta", with: "name: mine"), to: "mine.yaml")
    let runFile = try folder.write(
      """
      model: {weights: \(Checkout.demoData)/digits_vit_dense.safetensors}
      data: {search: \(Checkout.demoData)/search.safetensors}
      patterns: ["2:8", "4:8", "8:8"]
      accelerator: {profile: mine.yaml, batch: 4}
      objectives: [accuracy, energy, weightBytes]
      constraints: {latency: {atMost: 0.99}, weightBytes: {atMost: 0.95}}
      search: {population: 8, evaluations: 24, seed: 3}
      """, to: "run.yaml")
    let directory = folder.file("run")
    let ending = try Program.run([
      "search", runFile, "--workers", "1", "--run-directory", directory, "--json",
    ])
    #expect(ending.status == 0, "\(ending.errors)")
    let front = try ending.json()
    #expect(front["accelerator"] as? String == "mine")
    #expect((front["acceleratorHash"] as? String)?.count == 64)
    let points = try #require(front["points"] as? [[String: Any]])
    #expect(!points.isEmpty)
    #expect(points.allSatisfy { ($0["energyJoulesPerImage"] as? Double ?? 0) > 0 })
    #expect(points.allSatisfy { ($0["weightBytes"] as? Int ?? 0) > 0 })
    // The profile is kept with the run, so the run can be read without the original.
    try FileManager.default.removeItem(atPath: folder.file("mine.yaml"))
    let again = try Program.run(["front", directory, "--json"]).json()
    #expect(again["evaluations"] as? Int == 24)
    #expect(FileManager.default.fileExists(atPath: directory + "/accelerator.yaml"))
  }

  @Test func `choices that buy no time are left out unless the run file keeps them`() throws {
    for (lines, isDropped) in [("", true), ("dropDominated: false, ", false)] {
      let folder = try TemporaryFolder()
      let runFile = try folder.write(
        """
        model: {weights: \(Checkout.demoData)/digits_vit_dense.safetensors}
        data: {search: \(Checkout.demoData)/search.safetensors}
        patterns: ["1:4", "2:4", "4:4"]
        accelerator: {profile: systolic32, batch: 4}
        search: {\(lines)population: 8, evaluations: 24, seed: 3}
        """, to: "run.yaml")
      let ending = try Program.run([
        "search", runFile, "--workers", "1", "--run-directory", folder.file("run"), "--json",
      ])
      #expect(ending.status == 0, "\(ending.errors)")
      #expect(
        ending.errors.contains("choices, for which a denser pattern costs no more") == isDropped)
      let points = try #require(try ending.json()["points"] as? [[String: Any]])
      let qkv = try points.compactMap { point in
        let genome = try #require(point["genome"] as? [String: Any])
        return (genome["decisions"] as? [String: String])?["blocks.0.attn.qkv"]
      }
      // 64 inputs on 32 rows: 1:4 keeps 16 and 2:4 keeps 32, one fold each.
      if isDropped { #expect(!qkv.contains("1:4")) }
    }
  }

  @Test func `crossovers, schedules and SCALE-Sim files come from the command line`() throws {
    let crossovers = try Program.run([
      "estimate", "--model", "deit_tiny_patch16_224", "--crossovers", "--array", "128x128",
      "--json",
    ]).json()
    let layers = try #require(crossovers["layers"] as? [[String: Any]])
    #expect(layers.count == 48)
    #expect((layers[0]["dropped"] as? [String])?.contains("1:4") == true)
    let schedule = try Program.run([
      "estimate", "--model", "swin_tiny_patch4_window7_224", "--uniform", "2:4", "--accelerator",
      "a100", "--schedule", "--latency-limit", "20", "--batch", "64", "--json",
    ]).json()
    let best = try #require(schedule["bestBatch"] as? Int)
    let batches = try #require(schedule["batches"] as? [[String: Any]])
    #expect(batches.count == 7)
    let row = try #require(batches.first { $0["batch"] as? Int == best })
    #expect(try #require(row["latencySeconds"] as? Double) <= 0.02)

    let folder = try TemporaryFolder()
    let check = folder.file("check")
    let estimate = try Program.run([
      "estimate", "--model", "deit_tiny_patch16_224", "--uniform", "2:4", "--scale-sim", check,
      "--json",
    ]).json()
    let profile = try folder.write(
      try Program.run(["accelerators", "import", "\(check)/scale.cfg"]).output, to: "p.yaml")
    let products = try Program.run([
      "estimate", "--topology", "\(check)/topology.csv", "--accelerator", profile, "--json",
    ]).json()
    func cycles(_ report: [String: Any], _ name: String) throws -> Int {
      let layers = try #require(report["layers"] as? [[String: Any]])
      return try #require(layers.first { $0["name"] as? String == name }?["cycles"] as? Int)
    }
    for name in ["blocks.0.attn.qkv", "blocks.11.mlp.fc2", "patch_embed.proj", "head"] {
      #expect(try cycles(products, name) == cycles(estimate, name))
    }
    // Three heads run one after another.
    #expect(
      try 3 * cycles(products, "blocks.0.attn.scores") == cycles(estimate, "blocks.0.attn.scores"))
  }

  @Test func `a Swin transformer is known by name and by its configuration`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      #"{"architecture": "swin_small_patch4_window7_224", "num_classes": 1000}"#,
      to: "config.json")
    let named = try Program.run([
      "estimate", "--model", "swin_small_patch4_window7_224", "--uniform", "2:4", "--json",
    ]).json()
    let configured = try Program.run(["estimate", "--model", path, "--uniform", "2:4", "--json"])
      .json()
    #expect(named["elsaMacs"] as? Int == configured["elsaMacs"] as? Int)
    let macs = try #require(named["elsaMacs"] as? Double)
    #expect(abs(macs / 1e9 - 4.59) < 0.01)
  }

  @Test func `efficiencies are fitted to measurements and written as a profile`() throws {
    let folder = try TemporaryFolder()
    var rows = ["device,dtype,op,M,K,N,level,batch,latency_us"]
    for m in [256, 512, 1024, 2048, 4096, 8192] {
      // 100 of 312 tera-operations a second and 10 µs; 2:4 at 150 of 624 and 20 µs.
      let operations = 2.0 * Double(m) * 4096 * 4096
      rows.append("x,fp16,gemm,\(m),4096,4096,dense,1,\(Int(operations / 1e8) + 10)")
      rows.append("x,fp16,gemm,\(m),4096,4096,2:4,1,\(Int(operations / 1.5e8) + 20)")
    }
    let table = try folder.write(rows.joined(separator: "\n"), to: "m.csv")
    let ending = try Program.run([
      "accelerators", "fit", "a100", "--measurements", table, "--name", "mine",
    ])
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(ending.errors.contains("fitted on every second product"), "\(ending.errors)")
    #expect(ending.output.contains("name: mine"))
    #expect(ending.output.contains("peakOpsPerSecond: 312000000000000, efficiency: 0.32"))
    let path = try folder.write(ending.output, to: "mine.yaml")
    #expect(try Program.run(["accelerators", "validate", path]).status == 0)
  }
}
