import AcceleratorModel
import FileMutations
import Foundation
import NetworkArchitectures
import RunFiles
import SparsityCore
import Testing

/// A seeded mutator over every file that users write: what arrives is a value or an error in
/// words, never a trap.
@Suite(.timeLimit(.minutes(20)))
struct RunFilesFuzzTests {
  /// Reads mutated texts; returns how many were accepted.
  private func accepted(
    of texts: [String], seed: UInt64, count: Int = 250,
    _ read: (String) throws(RunFileError) -> Void
  ) -> Int {
    var mutator = FileMutator(seed: seed)
    var accepted = 0
    for _ in 0..<count {
      let text = mutator.damaged(mutator.pick(texts))
      do throws(RunFileError) {
        try read(text)
        accepted += 1
      } catch {
        // One line, with the place, of a length that users read.
        #expect(error.file == "f" && !error.message.isEmpty && error.message.utf8.count < 1_000)
        #expect(!error.message.contains("\n"), "\(error.message)")
      }
    }
    return accepted
  }

  static let runFiles = [
    RunFileTests.minimal,
    """
    model: {weights: deit_tiny.safetensors, config: deit_tiny.json}
    data: {images: val/, split: {search: 450, test: 200, seed: 7}, resize: none, skipBroken: true}
    patterns: ["4:4", "1:4", 2:4]
    pruning: supernet
    accelerator: {profile: systolic32, batch: 8}
    objectives: [accuracy, throughput, macs]
    constraints: {accuracy: {lossAtMost: 3 points}, latency: {atMost: 3 ms}, macs: {atMost: 0.5}}
    search: {algorithm: random, population: 20, evaluations: 60, seed: 3, mode: strict, window: 9}
    fidelity: {shardImages: 100, earlyStopping: false}
    precision: f32
    instructionSet: avx2
    """,
    """
    model:
      weights: &w m.safetensors
    data:
      search: val/
      test: *w
      calibration: "train \\u00e9"
    pruning: wanda
    patterns:
      - 2:4
      - "4:4"
    """,
  ]

  @Test(arguments: UInt64(0)..<12)
  func `mutated run files are read or refused`(seed: UInt64) {
    let count = accepted(of: Self.runFiles, seed: seed) { text throws(RunFileError) in
      let file = try RunFile(yaml: text, file: "f")
      // What was read can be written, and reads the same.
      #expect(try RunFile(yaml: file.yaml, file: "f") == file)
    }
    #expect(count > 5 && count < 240, "\(count)")
  }

  @Test(arguments: UInt64(0)..<12)
  func `mutated profiles are read or refused, and those read can be computed with`(
    seed: UInt64
  ) throws {
    let profiles = AcceleratorProfile.all.map(\.yaml) + [AcceleratorProfile.all[0].json]
    let shape = try TransformerShape(
      imageSize: 8, patchSize: 2, channels: 1, width: 64, depth: 1, heads: 4, hiddenWidth: 128,
      classes: 10)
    let patterns = try ["2:4", "4:4"].map { try #require(NMPattern($0)) }
    let space = SearchSpace(layers: shape.network.prunableLayers, patterns: patterns)
    let count = accepted(of: profiles, seed: seed) { text throws(RunFileError) in
      let profile = try AcceleratorProfile(yaml: text, file: "f") { path throws(RunFileError) in
        "M,K,N,level,latency_us\n8,8,8,4:4,1\n8,8,8,2:4,\(path.utf8.count)\n"
      }
      #expect(try AcceleratorProfile(yaml: profile.yaml, file: "f") == profile)
      do throws(AcceleratorError) {
        let costs = try CostModel(network: shape.network, space: space, profile: profile, batch: 3)
        #expect(costs.denseCost == costs.cost(of: Genome(uniform: 1, count: space.decisions.count)))
      } catch {
        #expect(!"\(error)".isEmpty)
      }
    }
    #expect(count > 5 && count < 240, "\(count)")
  }

  @Test(arguments: UInt64(0)..<12)
  func `mutated genomes and fronts are read or refused`(seed: UInt64) {
    let genome = #"{"model": "vit", "layers": {"blocks.0.attn.qkv": "2:4", "b": "1:4"}}"#
    let texts = [
      genome, #"{"points": [{"candidate": 3, "genome": \#(genome)}], "evaluations": 7}"#,
    ]
    let count = accepted(of: texts, seed: seed) { text throws(RunFileError) in
      let file = try GenomeFile(json: Data(text.utf8), file: "f", point: nil)
      _ = try? file.assignment(
        for: [PrunableLayer(name: "b", inputs: 8, outputs: 8)], file: "f")
    }
    #expect(count > 5 && count < 240, "\(count)")
  }

  private static let configuration = """
    [general]
    run_name = a name

    [architecture_presets]
    ArrayHeight: 32
    ArrayWidth: 32
    IfmapSramSzkB: 64
    FilterSramSzkB: 64
    OfmapSramSzkB: 64
    Dataflow: ws
    Bandwidth: 10

    [sparsity]
    SparsitySupport: true
    OptimizedMapping: false

    [run_presets]
    InterfaceBandwidth: USER
    """

  @Test(arguments: UInt64(0)..<12)
  func `mutated SCALE-Sim files and tables are read or refused`(seed: UInt64) {
    let configurations = accepted(of: [Self.configuration], seed: seed) {
      text throws(RunFileError) in
      let profile = try ScaleSimConfiguration(text: text, file: "f").profile()
      // A configuration's profile is one that can be written and read.
      #expect(try AcceleratorProfile(yaml: profile.yaml, file: "f") == profile)
    }
    #expect(configurations > 5 && configurations < 240, "\(configurations)")
    let topology = "Layer,M,N,K,Sparsity,\nqkv,197,192,576,2:4,\nfc1,197,192,768,4:4,\n"
    let topologies = accepted(of: [topology], seed: seed) { text throws(RunFileError) in
      let layers = try ScaleSimTopology(csv: text, file: "f").layers
      for layer in layers {
        _ = try? gemmCost(
          m: layer.product.tokens, k: layer.product.inputs, n: layer.product.outputs,
          pattern: layer.pattern, profile: .systolic32)
      }
    }
    #expect(topologies > 5 && topologies < 240, "\(topologies)")
    let table = "M,K,N,level,latency_us,p10_us\n8,64,64,2:4,1.5,1.2\n8,64,64,dense,3,2\n"
    let tables = accepted(of: [table], seed: seed) { text throws(RunFileError) in
      _ = try Measurement.table(csv: text, file: "f")
    }
    #expect(tables > 5 && tables < 240, "\(tables)")
  }
}
