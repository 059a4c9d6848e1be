import Foundation
import Testing
import TestSupport

@Suite(.timeLimit(.minutes(20))) struct EstimateTests {
  @Test func `one product costs what the closed form says`() throws {
    // DeiT-S qkv at 2:4 on 32×32 ws: SCALE-Sim's Total Cycles is 62855, one less than F·L.
    let json = try Program.run(
      ["estimate", "--gemm", "197x384x1152", "--pattern", "2:4", "--json"]
    ).json()
    #expect(json["latencyCycles"] as? Int == 62_856)
    #expect(json["macs"] as? Int == 197 * 192 * 1152)
  }

  @Test func `array and dataflow can be overridden`() throws {
    let json = try Program.run([
      "estimate", "--gemm", "197x384x1152", "--array", "32x32", "--dataflow", "os", "--json",
    ]).json()
    #expect(json["latencyCycles"] as? Int == 112_392)
  }

  @Test func `a named model needs no weights, and its layers add up`() throws {
    let json = try Program.run([
      "estimate", "--model", "deit_small_patch16_224", "--uniform", "2:4", "--json",
    ]).json()
    let layers = try #require(json["layers"] as? [[String: Any]])
    let sum = layers.compactMap { $0["cycles"] as? Int }.reduce(0, +)
    #expect(json["latencyCycles"] as? Int == sum)
    let elsaMacs = try #require(json["elsaMacs"] as? Double)
    let elsaDenseMacs = try #require(json["elsaDenseMacs"] as? Double)
    #expect((elsaMacs / 1e7).rounded() == 251)
    #expect((elsaDenseMacs / 1e7).rounded() == 460)
    let energy = try #require(json["energyJoulesPerImage"] as? Double)
    let power = try #require(json["averagePowerWatts"] as? Double)
    let seconds = try #require(json["latencySeconds"] as? Double)
    #expect(abs(power * seconds - energy) < 1e-9 * energy)
    #expect(layers.contains { $0["pattern"] as? String == "2:4" })
  }

  @Test func `the paper's digit strings are read`() throws {
    let digits =
      "1111,1121,1112,2121,1112,1112,2221,1212,1121,2221,4221,4211"
    let json = try Program.run([
      "estimate", "--model", "deit_base_patch16_224", "--genome", "elsa:\(digits)", "--json",
    ]).json()
    let elsaMacs = try #require(json["elsaMacs"] as? Double)
    #expect((elsaMacs / 1e7).rounded() == 688)
  }

  @Test(arguments: [
    (["--model", "resnet50"], "resnet50"),
    (["--model", "missing/"], "no model at missing/"),
    (["--model", "deit_tiny_patch16_224", "--accelerator", "tpu9"], "systolic32"),
    (["--model", "deit_tiny_patch16_224", "--genome", "g.json"], "g.json: cannot be read"),
    (["--model", "deit_tiny_patch16_224", "--genome", "elsa:11"], "1 block given"),
  ])
  func `what cannot be estimated is refused with a diagnostic`(
    arguments: [String], diagnostic: String
  ) throws {
    let ending = try Program.run(["estimate"] + arguments)
    #expect(ending.status == 1)
    #expect(ending.errors.contains(diagnostic), "\(ending.errors)")
  }

  @Test func `a model whose costs leave 64 bits is named by its file`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      """
      {"architecture": "vit_big", "img_size": 8192, "patch_size": 1, "in_chans": 3,
       "embed_dim": 65536, "depth": 1024, "num_heads": 1, "num_classes": 7, "crop_pct": 1.0,
       "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.1], "interpolation": "bicubic"}
      """, to: "config.json")
    for arguments in [[], ["--schedule"], ["--crossovers"]] {
      let ending = try Program.run(["estimate", "--model", folder.path] + arguments)
      #expect(ending.status == 1)
      #expect(ending.errors.contains("\(path): the "), "\(ending.errors)")
      #expect(ending.errors.contains("do not fit into 64 bits"))
    }
  }

  @Test func `a genome of another model, or one with a key twice, is refused`() throws {
    let folder = try TemporaryFolder()
    let layers = #""blocks.0.attn.qkv": "2:4", "blocks.0.attn.qkv": "4:4""#
    for (json, diagnostic) in [
      (
        #"{"model": "deit_base_patch16_224", "layers": {}}"#, "is a genome of deit_base_patch16_224"
      ),
      (#"{"layers": {\#(layers)}}"#, "appears twice"),
    ] {
      let ending = try Program.run([
        "estimate", "--model", "deit_tiny_patch16_224", "--genome",
        folder.write(json, to: "g.json"),
      ])
      #expect(ending.status == 1)
      #expect(ending.errors.contains("g.json: ") && ending.errors.contains(diagnostic))
    }
  }
}
