import Foundation
import Testing
import TestSupport

@Suite(.timeLimit(.minutes(20))) struct BenchmarkTests {
  @Test(arguments: ["f32", "bf16"])
  func `kernels are measured on every shape of a model`(precision: String) throws {
    let ending = try Program.run([
      "benchmark", "kernels", "--model", "deit_tiny", "--tokens", "5", "--repetitions", "1",
      "--pattern", "2:4", "--pattern", "1:8", "--precision", precision, "--json",
    ])
    #expect(ending.status == 0, "\(ending.errors)")
    let rows = try ending.jsonArray()
    let fields = [
      "m", "k", "n", "precision", "pattern", "variant", "gflops", "denseGflops", "ratioToDense",
      "shareOfPeak", "usedForm",
    ]
    #expect(rows.allSatisfy { Set($0.keys) == Set(fields) })
    let shapes = rows.map { [$0["m"] as? Int, $0["k"] as? Int, $0["n"] as? Int] }
    let expected = [[5, 192, 576], [5, 192, 192], [5, 192, 768], [5, 768, 192]]
    #expect(shapes == expected.flatMap { [$0, $0] })
    #expect(rows.map { $0["pattern"] as? String } == (0..<4).flatMap { _ in ["2:4", "1:8"] })
    #expect(rows.allSatisfy { $0["precision"] as? String == precision })
    for row in rows {
      let speed = try #require(row["gflops"] as? Double)
      let denseSpeed = try #require(row["denseGflops"] as? Double)
      let ratio = try #require(row["ratioToDense"] as? Double)
      let share = try #require(row["shareOfPeak"] as? Double)
      // From a product a second to what no core reaches.
      #expect((1e-3..<1e4).contains(speed))
      #expect((1e-3..<1e4).contains(denseSpeed))
      #expect((1e-5..<2).contains(share))
      #expect(abs(ratio * denseSpeed - speed) < 1e-6 * speed)
    }
  }

  @Test func `searches are compared, method by method`() throws {
    let ending = try Program.run([
      "benchmark", "search", "--budgets", "20,40", "--seeds", "2", "--method", "bayesian",
      "--method", "random", "--json",
    ])
    #expect(ending.status == 0, "\(ending.errors)")
    let entries = try #require(try ending.json()["entries"] as? [[String: Any]])
    #expect(
      entries.map { $0["method"] as? String } == ["bayesian", "bayesian", "random", "random"])
    #expect(entries.map { $0["evaluations"] as? Int } == [20, 40, 20, 40])
    for entry in entries {
      let median = try #require(entry["median"] as? Double)
      #expect(median > 0 && median < 1)
      #expect(try #require(entry["evaluatedMedian"] as? Double) >= median)
    }
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let chart = folder.appending(path: "chart.svg")
    let drawn = try Program.run([
      "benchmark", "search", "--landscape", "ones-zeros", "--budgets", "20,40", "--seeds", "2",
      "--svg", chart.path(percentEncoded: false),
    ])
    #expect(drawn.status == 0 && !drawn.output.contains("erk"), "\(drawn.errors)")
    let svg = try String(contentsOf: chart, encoding: .utf8)
    #expect(svg.contains(">greedy</text>") && svg.contains(">elsa-paper</text>"))
    let wrong = try Program.run(["benchmark", "search", "--method", "magic"])
    #expect(wrong.status != 0 && wrong.errors.contains("bayesian"), "\(wrong.errors)")
  }

  @Test(arguments: ["f32", "bf16"])
  func `every operation of a model is measured`(precision: String) throws {
    let start = ContinuousClock.now
    let ending = try Program.run([
      "benchmark", "operations", "--model", "deit_tiny", "--repetitions", "1", "--precision",
      precision, "--json",
    ])
    let elapsed = ContinuousClock.now - start
    #expect(ending.status == 0, "\(ending.errors)")
    let rows = try ending.jsonArray()
    #expect(rows.map { $0["operation"] as? String } == ["attention", "layerNorm", "gelu"])
    // DeiT-Tiny has 197 tokens of 192 numbers and a hidden layer of 768.
    for (row, values) in zip(rows, [197 * 192, 197 * 192, 197 * 768]) {
      #expect(row["model"] as? String == "deit_tiny_patch16_224")
      #expect(row["precision"] as? String == precision)
      let time = try #require(row["secondsPerImage"] as? Double)
      let each = try #require(row["nanosecondsPerValue"] as? Double)
      #expect((1e-7..<elapsed / .seconds(1)).contains(time))
      #expect(abs(each * Double(values) - 1e9 * time) < 1e-6 * 1e9 * time)
      #expect((row["shareOfPeak"] != nil) == (row["operation"] as? String == "attention"))
    }
  }

  @Test(arguments: ["f32", "bf16"])
  func `a model is measured in every pattern and thread count`(precision: String) throws {
    let start = ContinuousClock.now
    let ending = try Program.run([
      "benchmark", "model", "--model", "deit_tiny", "--pattern", "4:4", "--pattern", "1:4",
      "--threads", "1", "--threads", "2", "--batch", "1", "--repetitions", "1", "--precision",
      precision, "--json",
    ])
    #expect(ending.status == 0, "\(ending.errors)")
    let rows = try ending.jsonArray()
    #expect(rows.map { $0["pattern"] as? String } == ["4:4", "1:4", "4:4", "1:4"])
    #expect(rows.map { $0["threads"] as? Int } == [1, 1, 2, 2])
    let slowest = 1 / ((ContinuousClock.now - start) / .seconds(1))
    for row in rows {
      #expect(row["model"] as? String == "deit_tiny_patch16_224")
      #expect(row["precision"] as? String == precision)
      #expect(row["batch"] as? Int == 1)
      // DeiT-Tiny takes over a thousand million multiply-adds.
      let speed = try #require(row["imagesPerSecond"] as? Double)
      #expect((slowest..<1e5).contains(speed), "\(speed)")
    }
  }

  @Test(arguments: ["curve", "none"])
  func `the coordinator is measured with real workers and a journal`(security: String) throws {
    let folder = try TemporaryFolder()
    let start = ContinuousClock.now
    let ending = try Program.run([
      "benchmark", "coordinator", "--workers", "6", "--processes", "2", "--evaluations", "2000",
      "--security", security, "--directory", folder.path, "--json",
    ])
    #expect(ending.status == 0, "\(ending.errors)")
    let report = try ending.json()
    let fields = [
      "evaluationsPerSecond", "evaluations", "workers", "security", "journaled",
      "registrationSeconds", "coordinatorMemoryBytes", "journalBytes", "commits",
    ]
    #expect(Set(report.keys) == Set(fields))
    #expect(report["workers"] as? Int == 6)
    #expect(report["evaluations"] as? Int == 2000)
    #expect(report["security"] as? String == security)
    #expect(report["journaled"] as? Bool == true)
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    let speed = try #require(report["evaluationsPerSecond"] as? Double)
    #expect((1..<1e6).contains(speed), "\(speed)")
    let registration = try #require(report["registrationSeconds"] as? Double)
    #expect((1e-6..<elapsed).contains(registration), "\(registration)")
    #expect(try #require(report["coordinatorMemoryBytes"] as? Int) > 1 << 20)
    // Each evaluation leaves a proposal, a result of 250 bits and an evaluation behind.
    #expect(try #require(report["journalBytes"] as? Int) > 2000 * 100)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }

  @Test func `restarts from all records and from the snapshot are measured`() throws {
    let folder = try TemporaryFolder()
    let start = ContinuousClock.now
    let ending = try Program.run([
      "benchmark", "coordinator", "--workers", "4", "--evaluations", "3000", "--security", "none",
      "--directory", folder.path, "--replay", "--json",
    ])
    #expect(ending.status == 0, "\(ending.errors)")
    let report = try ending.json()
    // A start, and a proposal, a result and an evaluation for each candidate.
    #expect(report["replayRecords"] as? Int == 9_001)
    // The end of a run with many records behind the last snapshot makes another one.
    #expect(report["snapshotRecords"] as? Int == 9_001)
    #expect(try #require(report["snapshotBytes"] as? Int) > 3_000 * 16)
    let times = [
      "checkSeconds", "replaySeconds", "replayProcessorSeconds", "resumeSeconds",
      "resumeProcessorSeconds", "snapshotStallSeconds", "snapshotWriteSeconds",
    ]
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    for name in times {
      let time = try #require(report[name] as? Double)
      #expect((1e-7..<elapsed).contains(time), "\(name) is \(time)")
    }
  }

  @Test func `pruning methods are measured at uniform and mixed patterns`() throws {
    let train = "\(Checkout.fixtures)/digits/train.safetensors"
    let ending = try Program.run([
      "benchmark", "pruning", "--model", "\(Checkout.demoData)/digits_vit_dense.safetensors",
      "--calibration", train, "--data", "\(Checkout.demoData)/search.safetensors", "--method",
      "magnitude", "--method", "sparsegpt", "--pattern", "3:4", "--pattern", "1:4", "--genomes",
      "3", "--json",
    ])
    #expect(ending.status == 0, "\(ending.errors)")
    let rows = try ending.jsonArray()
    let methods = rows.map { $0["method"] as? String }
    #expect(methods == ["magnitude", "magnitude", "sparsegpt", "sparsegpt"] + methods.suffix(2))
    #expect(methods.suffix(2) == ["magnitude", "sparsegpt"])
    let mixed = "1:4 2:4 3:4 4:4"
    #expect(
      rows.map { $0["pattern"] as? String } == ["3:4", "1:4", "3:4", "1:4", mixed, mixed])
    let correct = try rows.map { try #require($0["correct"] as? Double) }
    #expect(correct[0] > correct[1])
    #expect(correct[1] < correct[3])
    #expect(correct[4] < correct[5])
    for row in rows.suffix(2) {
      #expect(row["genomes"] as? Int == 3)
      #expect(abs(try #require(row["density"] as? Double) - 0.6) < 0.02)
    }
    #expect(try rows.allSatisfy { try #require($0["peakMemoryBytes"] as? Int) > 1 << 20 })
  }

  @Test func `a coordinator without workers is not measured`() throws {
    let ending = try Program.run(["benchmark", "coordinator", "--workers", "0"])
    #expect(ending.status == 2)
    #expect(ending.errors.contains("--workers is 0; allowed is 1"), "\(ending.errors)")
  }

  @Test func `users get a table`() throws {
    let ending = try Program.run([
      "benchmark", "kernels", "--model", "deit_tiny", "--tokens", "1", "--repetitions", "1",
      "--variant", "scalar", "--precision", "f32",
    ])
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(ending.output.hasPrefix("m×k×n"))
    #expect(ending.output.contains("\n1×192×576"))
    #expect(ending.output.contains("f32, scalar, one thread, medians of 1; peak "))
  }

  @Test(arguments: [
    (["kernels", "--model", "resnet50"], "deit_tiny, deit_small, deit_base"),
    (["kernels", "--pattern", "4:4"], "4:4 is dense"),
    (["kernels", "--pattern", "5:4"], "write N:M"),
    (["kernels", "--pattern", "2:4", "--pattern", "2:4"], "twice"),
    (["kernels", "--tokens", "0"], "--tokens is 0"),
    (["kernels", "--variant", "mmx"], "scalar, avx2"),
    (["kernels", "--precision", "f8"], "f8"),
    (["model", "--threads", "0"], "--threads is 0"),
    (["model", "--threads", "1", "--threads", "1"], "twice"),
    (["model", "--batch", "0"], "--batch is 0"),
    (["model", "--repetitions", "0"], "--repetitions is 0"),
    (["pruning", "--model", "m", "--density", "2"], "--density is 2"),
    (["pruning", "--model", "m", "--method", "lsp"], "--method is \"lsp\""),
  ])
  func `what cannot be measured is refused with a diagnostic`(
    arguments: [String], diagnostic: String
  ) throws {
    let ending = try Program.run(["benchmark"] + arguments)
    #expect(ending.status == 2)
    #expect(ending.output.isEmpty)
    #expect(ending.errors.contains(diagnostic), "\(ending.errors)")
  }
}
