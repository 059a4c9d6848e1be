import RunFiles
import SparsityCore
import Testing

struct RunFileTests {
  static let minimal = """
    model: {weights: m.safetensors}
    data: {search: val/}
    patterns: ["2:4", "4:4"]
    """

  @Test func `a minimal file gets the documented defaults`() throws {
    let file = try RunFile(yaml: Self.minimal, file: "run.yaml")
    #expect(file.network.model.weights == "m.safetensors")
    #expect(file.data.images == .sets(search: "val/", heldOut: [:]))
    #expect(file.objectives == [.accuracy, .throughput])
    #expect(file.search.population == 50)
    #expect(file.search.evaluations == 1000)
    #expect(file.search.mode == .asynchronous)
    #expect(file.search.window == nil)
    #expect(file.shardImages == 50 && file.stopsEarly)
    #expect(file.precision == nil)
    #expect(file.instructionSet == nil)
    #expect(file.network.accelerators[0].profile == "systolic32")
    #expect(file.search.dropsDominated)
  }

  @Test func `a model may have a name instead of a configuration, and a prefix`() throws {
    func read(_ more: String) throws -> RunFile {
      try RunFile(
        yaml: Self.minimal.replacing("m.safetensors", with: "m.safetensors\(more)"),
        file: "run.yaml")
    }
    let file = try read(", architecture: deit_tiny_patch16_224, prefix: model_ema.")
    #expect(file.network.model.architecture == "deit_tiny_patch16_224")
    #expect(file.network.model.prefix == "model_ema.")
    #expect(try RunFile(yaml: file.yaml, file: "run.yaml") == file)
    let other = try read(", prefix: model.")
    #expect(
      other.differences(from: file).map(\.key).sorted() == ["model.architecture", "model.prefix"])
    #expect(throws: RunFileError.self) { try read(", architecture: a, config: c.json") }
  }

  @Test func `every section is read`() throws {
    let file = try RunFile(
      yaml: """
        model: {weights: deit_tiny.safetensors, config: deit_tiny.json}
        data: {images: val/, split: {search: 450, test: 200, seed: 7}, resize: none}
        patterns: ["4:4", "1:4", 2:4]
        pruning: supernet
        accelerator: {profile: systolic32, batch: 8}
        objectives: [accuracy, throughput, macs]
        constraints: {macs: {atMost: 0.5}, latency: {atMost: 3 ms}}
        search: {algorithm: random, population: 20, evaluations: 60, seed: 3, mode: asynchronous}
        fidelity: {shardImages: 100, earlyStopping: false}
        precision: f32
        instructionSet: avx2
        """, file: "run.yaml")
    #expect(file.data.images == .split(images: "val/", search: 450, heldOut: [.test: 200], seed: 7))
    #expect(!file.data.isResized)
    #expect(file.network.patterns.standard.map(\.description) == ["1:4", "2:4", "4:4"])
    #expect(file.search.algorithm == .random)
    #expect(
      file.constraints == [
        CostConstraint(objective: .latency, bound: .atMost, limit: .absolute(0.003)),
        CostConstraint(objective: .macs, bound: .atMost, limit: .relativeToDense(0.5)),
      ])
    #expect(file.instructionSet == .avx2)
  }

  @Test(arguments: [
    "constraints: {macs: {atMost: 0.5}, latency: {atMost: 3 ms}, throughput: {atLeast: 90 img/s}}",
    "search: {algorithm: random, population: 20, evaluations: 60, seed: 18446744073709551615}",
    "instructionSet: avx2\nfidelity: {shardImages: 10}\nobjectives: [accuracy, macs]",
    "accelerator: {profile: systolic32, batch: 8}\npruning: supernet",
    "constraints: {accuracy: {lossAtMost: 3 points}, throughput: {atLeast: 1.5}}",
    "constraints: {accuracy: {atLeast: 0.75}}",
    "constraints: {energy: {atMost: 3 mJ}, weightBytes: {atMost: 0.5, atLeast: 2 MiB}}",
    "objectives: [accuracy, energy, weightBytes]\nsearch: {dropDominated: false}",
    "accelerator: {profile: ./my card.yaml}",
    "search: {mode: strict, window: 12}\nprecision: bf16\ninstructionSet: avx2",
    "search: {mode: strict}\nprecision: f32\ninstructionSet: baseline", "precision: f32",
  ])
  func `what is written reads as the same run`(lines: String) throws {
    var file = try RunFile(yaml: Self.minimal + "\n" + lines, file: "run.yaml")
    file.network.model.config = "a \"quoted\" \\ path: {x}.json"
    #expect(try RunFile(yaml: file.yaml, file: "copy.yaml") == file)
    file.data.images = .split(images: "v", search: 3, heldOut: [.test: 2, .confirm: 1], seed: 9)
    file.data.isResized = false
    file.data.calibration = "images \"c\"/"
    file.data.classMap = "my classes.txt"
    file.network.pruning = .reconstruction
    #expect(try RunFile(yaml: file.yaml, file: "copy.yaml") == file)
  }

  @Test(arguments: [
    ("search: {population: ", "}", "search.population", RunLimits.populationRange),
    ("search: {evaluations: ", "}", "search.evaluations", RunLimits.evaluationRange),
    (
      "search: {mode: strict, window: ", "}\nprecision: bf16\ninstructionSet: avx2",
      "search.window", RunLimits.windowRange
    ),
    ("fidelity: {shardImages: ", "}", "fidelity.shardImages", RunLimits.shardImageRange),
    ("accelerator: {batch: ", "}", "accelerator.batch", RunLimits.acceleratorBatchRange),
  ])
  func `numbers have the limits of the library`(
    before: String, after: String, key: String, range: ClosedRange<Int>
  ) throws {
    for value in [range.lowerBound, range.upperBound] {
      _ = try RunFile(yaml: "\(Self.minimal)\n\(before)\(value)\(after)", file: "run.yaml")
    }
    for value in [range.lowerBound - 1, range.upperBound + 1] {
      let error = #expect(throws: RunFileError.self) {
        try RunFile(yaml: "\(Self.minimal)\n\(before)\(value)\(after)", file: "run.yaml")
      }
      #expect(
        error?.message
          == "\(key) is \(value); allowed is \(range.lowerBound)…\(range.upperBound)")
      #expect(error?.line == 4)
      #expect(error?.column == before.count + 1)
    }
  }

  @Test func `a run goes on with more evaluations and another test set, and nothing else`() throws {
    let text = """
      model: {weights: m.safetensors, config: c.json}
      data: {search: val/, test: a/}
      patterns: ["2:4", "4:4"]
      constraints: {latency: {atMost: 3 ms}}
      search: {mode: strict, window: 8, evaluations: 10}
      precision: bf16
      instructionSet: avx2
      """
    let file = try RunFile(yaml: text, file: "run.yaml")
    func changed(_ old: String, _ new: String) throws -> RunFile {
      try RunFile(yaml: text.replacing(old, with: new), file: "run.yaml")
    }
    for (old, new) in [("evaluations: 10", "evaluations: 30"), ("test: a/", "test: b/")] {
      let other = try changed(old, new)
      #expect(other.differences(from: file).isEmpty)
      #expect(file.adoptingChanges(of: other) == other)
    }
    let relaxed = text.replacing("mode: strict, window: 8, ", with: "")
    let decided = try RunFile(yaml: relaxed, file: "run.yaml")
    let undecided = try RunFile(
      yaml: relaxed.replacing("instructionSet: avx2", with: ""), file: "run.yaml")
    #expect(undecided.differences(from: decided).isEmpty)
    #expect(try changed(", test: a/", "").source(of: .test) == nil)
    let refused = [
      (
        "m.safetensors", "n.safetensors",
        "model.weights is n.safetensors, the run has m.safetensors"
      ),
      (", config: c.json", "", "model.config is missing, the run has c.json"),
      ("search: val/", "search: v/", "data.search is v/, the run has val/"),
      ("\"2:4\"", "\"1:4\"", "patterns is 1:4, 4:4, the run has 2:4, 4:4"),
      ("3 ms", "4 ms", "constraints is latency at most 0.004, the run has latency at most 0.003"),
      ("window: 8", "window: 9", "search.window is 9, the run has 8"),
      ("avx2", "avx512", "instructionSet is avx512, the run has avx2"),
    ]
    for (old, new, diagnostic) in refused {
      #expect(try changed(old, new).differences(from: file).map(\.description) == [diagnostic])
    }
  }

  /// What a strict run file names of its arithmetic, what is missing, and the lines to add.
  @Test(arguments: [
    (
      "", "precision and instructionSet are",
      "lines \"precision: bf16\" and \"instructionSet: avx2\""
    ),
    ("precision: f32", "instructionSet is", "line \"instructionSet: avx2\""),
    ("instructionSet: avx512", "precision is", "line \"precision: bf16\""),
  ])
  func `a strict run names its arithmetic`(given: String, missing: String, lines: String) {
    let text = Self.minimal + "\nsearch: {mode: strict, window: 8}\n" + given
    let error = #expect(throws: RunFileError.self) { try RunFile(yaml: text, file: "run.yaml") }
    let expected =
      "run.yaml:4:16: search.mode is strict, but \(missing) missing, on which all results depend; "
      + "add the \(lines)"
    #expect(error?.description.hasPrefix(expected) == true, "\(error?.description ?? "")")
  }

  @Test func `a profile that is a file is resolved as other paths are, a name is not`() throws {
    for (profile, resolved) in [("vegeta", "vegeta"), ("a.yaml", "/base/a.yaml")] {
      let text = Self.minimal + "\naccelerator: {profile: \(profile)}"
      let file = try RunFile(yaml: text, file: "run.yaml").resolvingPaths { "/base/" + $0 }
      #expect(file.network.accelerators[0].profile == resolved)
    }
  }

  @Test func `paths are resolved where they stand`() throws {
    let text = Self.minimal.replacing("search: val/", with: "search: val/, classMap: c.txt")
    let file = try RunFile(yaml: text, file: "run.yaml").resolvingPaths { "/base/" + $0 }
    #expect(file.network.model.weights == "/base/m.safetensors")
    #expect(file.data.classMap == "/base/c.txt")
    #expect(file.data.images == .sets(search: "/base/val/", heldOut: [:]))
  }

  /// Each line added to the minimal file (or replacing the line of its key), and what is said.
  @Test(arguments: [
    ("serach: {seed: 1}", "run.yaml:4:1: unknown key \"serach\""),
    ("search: {populaton: 5}", "run.yaml:4:10: unknown key \"populaton\" in search"),
    ("search: {population: many}", "4:22: search.population is \"many\", not a whole number"),
    ("search: {population: 1}", "4:22: search.population is 1; allowed is 2"),
    ("search: {mode: strange}", "4:16: search.mode is \"strange\"; known are asynchronous, strict"),
    ("search: {window: 64}", "4:18: search.window has a meaning only in strict mode"),
    ("search: {mode: strict, window: 3}", "4:32: search.window is 3; allowed is 4"),
    ("precision: f64", "4:12: precision is \"f64\"; known are f32, bf16"),
    ("objectives: [throughput, macs]", "accuracy must be among the objectives"),
    ("objectives: [accuracy, watts]", "4:24: objectives is \"watts\"; known are accuracy"),
    (
      "constraints: {energy: {atMost: 3 W}}",
      "unknown unit \"W\" for energy; known are J, mJ, uJ, nJ, pJ"
    ),
    (
      "search: {dropDominated: perhaps}", "search.dropDominated is \"perhaps\"; write true or false"
    ),
    ("objectives: [accuracy]", "accuracy alone is best dense"),
    ("constraints: {accuracy: {atLeast: 75 %}}", "write a fraction of the images, as in 0.75"),
    ("constraints: {accuracy: {atLeast: 2}}", "write a fraction of the images"),
    ("constraints: {accuracy: {lossAtMost: 3}}", "as in 3 points"),
    ("constraints: {accuracy: {lossAtMost: -3 points}}", "as in 3 points"),
    ("constraints: {accuracy: {lossAtMost: some points}}", "\"some points\" is no accuracy"),
    ("constraints: {accuracy: {atMost: 0.5}}", "unknown key \"atMost\""),
    ("constraints: {accuracy: {}}", "needs either atLeast or lossAtMost"),
    (
      "constraints: {accuracy: {atLeast: 0.5, lossAtMost: 3 points}}",
      "needs either atLeast or lossAtMost"
    ),
    ("constraints: {macs: {atMost: -1}}", "is no limit"),
    ("constraints: {macs: {atMost: 2 parsec}}", "unknown unit \"parsec\" for macs"),
    ("fidelity: {earlyStopping: often}", "fidelity.earlyStopping is \"often\""),
    ("pruning: sparsegpt", "pruning sparsegpt needs images to calibrate with"),
    ("pruning: by taste", "pruning"),
    ("accelerator: [a]", "accelerator must be a mapping"),
    ("search: {seed: -1}", "a seed is a whole number from 0"),
    ("search: {seed: 1", "not valid YAML"),
  ])
  func `a mistake is refused with its place`(line: String, message: String) {
    let error = #expect(throws: RunFileError.self) {
      try RunFile(yaml: Self.minimal + "\n" + line, file: "run.yaml")
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [
    (#"patterns: ["2:4", "5:4"]"#, #""5:4" is no pattern"#),
    (#"patterns: ["2:4", "2:5"]"#, #""2:5" is no pattern"#),
    (#"patterns: ["2:4", "2:4"]"#, "2:4 is given twice"),
    (#"patterns: ["2:4"]"#, "one pattern leaves nothing to search"),
    (#"patterns: ["4:4", "8:8"]"#, "several patterns keep every weight"),
    (#"patterns: []"#, "at least one value"),
  ])
  func `an impossible list of patterns is refused`(line: String, message: String) {
    let text = "model: {weights: m}\ndata: {search: v}\n" + line
    let error = #expect(throws: RunFileError.self) { try RunFile(yaml: text, file: "run.yaml") }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    #expect(error?.line == 3)
  }

  @Test(arguments: [
    ("data: {images: v}", "the key \"data.split\" is missing"),
    ("data: {images: v, search: w, split: {search: 3}}", "cannot stand beside data.images"),
    ("data: {split: {search: 3}}", "data.split needs data.images"),
    (
      "data: {search: v, calibration: c}",
      "data.calibration has no use: pruning magnitude needs no images"
    ),
    ("data: {search: v, resize: maybe}", "data.resize is \"maybe\""),
  ])
  func `impossible data are refused`(line: String, message: String) {
    let text = "model: {weights: m}\npatterns: [1:4, 2:4]\n" + line
    let error = #expect(throws: RunFileError.self) { try RunFile(yaml: text, file: "run.yaml") }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func `an empty file and one without a model are refused`() {
    #expect(throws: RunFileError.self) { try RunFile(yaml: "", file: "run.yaml") }
    let error = #expect(throws: RunFileError.self) {
      try RunFile(yaml: "data: {search: v}", file: "run.yaml")
    }
    #expect(error?.description == "run.yaml:1:1: the key \"model\" is missing")
  }
}
