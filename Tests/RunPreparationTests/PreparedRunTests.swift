import Coordination
import Foundation
import RunFiles
import RunPreparation
import RunStorage
import SparsityCore
import Testing
import TestSupport
import TextReports

struct PreparedRunTests {
  private let folder: TemporaryFolder
  private let directory: RunDirectory

  init() throws {
    folder = try TemporaryFolder()
    directory = RunDirectory(path: folder.file("run"))
  }

  private func runFile(_ lines: String = "", evaluations: Int = 40) throws -> String {
    try folder.write(
      """
      model: {weights: \(Checkout.demoData)/digits_vit_dense.safetensors}
      data: {search: \(Checkout.demoData)/search.safetensors}
      patterns: ["1:4", "2:4", "4:4"]
      search: {population: 10, evaluations: \(evaluations), seed: 3}
      fidelity: {shardImages: 90}
      \(lines)
      """, to: "run.yaml")
  }

  private func prepare(
    _ path: String?, expecting count: Int? = nil, telling observer: WorkObserver = WorkObserver()
  ) throws -> PreparedRun {
    try PreparedRun(
      RunRequest(path: path, insistsOnRun: path == nil), in: LockedRunDirectory(directory),
      expectedWorkerCount: count, cache: nil, observer: observer)
  }

  @Test func `a new run has all that a coordinator must be told, and keeps its files`() throws {
    let run = try prepare(runFile("precision: f32\ninstructionSet: baseline"))
    #expect(run.isNew)
    let description = run.settings.description
    #expect(description.data?.path == "\(Checkout.demoData)/search.safetensors")
    #expect(description.imageCount == 450)
    #expect(description.shardSize == 90)
    #expect(description.criterion == "magnitude")
    #expect(description.numerics.options["precision"] == "f32")
    #expect(description.numerics.options["instructionSet"] == "baseline")
    #expect(run.settings.numericsWindow == nil)
    #expect(run.settings.search.evaluationCountMax == 40)
    #expect(run.settings.tokenSecret.count == 32)
    #expect(
      run.settings.referencePoint
        == ReferencePoint(run.runFile).minimized(
          of: run.runFile.objectives, dense: run.costs.denseCost))
    for path in [directory.runFile, directory.configuration] {
      #expect(FileManager.default.fileExists(atPath: path))
    }
    #expect(try RunFile(path: directory.runFile) == run.runFile)
    #expect(run.servedInputs.map(\.role) == [.model, .configuration, .data])
  }

  @Test func `what the run file leaves open is chosen when enough workers have come`() throws {
    let run = try prepare(runFile("precision: f32"), expecting: 3)
    let window = try #require(run.settings.numericsWindow)
    #expect(window.options.map(\.name) == ["instructionSet"])
    #expect(window.options[0].values == ["avx512bf16", "avx512", "avx2", "baseline"])
    #expect(run.settings.description.numerics.options.keys.sorted() == ["batch", "precision"])
    #expect(window.workerCountMax == 3)
  }

  @Test func `a run goes on with more evaluations and with nothing else`() throws {
    _ = try prepare(runFile())
    let more = try prepare(runFile(evaluations: 60))
    #expect(!more.isNew)
    #expect(more.settings.search.evaluationCountMax == 60)
    #expect(try prepare(nil).settings.search.evaluationCountMax == 60)
    let fewer = try #require(throws: ExplainedError.self) { try prepare(runFile(evaluations: 50)) }
    #expect(fewer.message.contains("may only get more"))
    let other = try #require(throws: ExplainedError.self) {
      try prepare(runFile("objectives: [accuracy, macs]", evaluations: 60))
    }
    #expect(other.message.contains("holds another run"))
  }

  @Test(arguments: [
    "constraints: {macs: {atMost: 0.01}}", "accelerator: {profile: nothing}", "pruning: nothing",
  ])
  func `what is wrong is found before anything is written`(lines: String) throws {
    let path = try runFile(lines)
    #expect(throws: (any Error).self) { try prepare(path) }
    let files = try folder.files.filter { $0 != "run" && !$0.hasSuffix(".lock") }
    #expect(files == ["run.yaml"])
  }

  @Test func `a run that must be there is asked for by name`() throws {
    let error = try #require(throws: ExplainedError.self) { try prepare(nil) }
    #expect(error.message == "no run to resume in \(directory.path)")
  }

  @Test func `an image in both sets keeps a run from starting unless it is known`() throws {
    let text = try runFile()
    let images = "\(Checkout.demoData)/search.safetensors"
    let overlapping = try String(contentsOfFile: text, encoding: .utf8)
      .replacing("data: {search: \(images)}", with: "data: {search: \(images), test: \(images)}")
    let path = try folder.write(overlapping, to: "both.yaml")
    let error = try #require(throws: ExplainedError.self) { try prepare(path) }
    #expect(error.message.hasPrefix("search and test set share 450 images"))
    let known = try folder.write(
      overlapping.replacing(
        "safetensors}\npatterns", with: "safetensors, allowOverlap: true}\npatterns"),
      to: "known.yaml")
    #expect(try prepare(known).isNew)
  }

  // A process keeps the instructions with which it has computed first; a bank has its own.
  @Test func `a calibrated bank is built once and tells its steps`() async {
    await #expect(processExitsWith: .success) {
      try PreparedRunTests().buildCalibratedBank()
    }
  }

  private func buildCalibratedBank() throws {
    let listener = Listener()
    let text = try String(contentsOfFile: runFile("pruning: wanda"), encoding: .utf8).replacing(
      "search.safetensors}",
      with: "search.safetensors, calibration: \(Checkout.demoData)/test.safetensors}")
    let path = try folder.write(text, to: "wanda.yaml")
    let run = try prepare(path, telling: listener.observer)
    let layers = run.settings.description.space.decisions.count
    #expect(listener.lines.contains("\(layers)/\(layers) layers pruned"))
    let begun = listener.lines.filter { $0.hasPrefix("begin") }
    #expect(begun.count == listener.lines.count { $0 == "end" })
    #expect(begun.contains { $0.contains("Pruning \(layers) layers by wanda") })
    #expect(run.settings.description.bankArithmetic != nil)
    #expect(run.servedInputs.map(\.role) == [.model, .configuration, .data, .bank])
    #expect(FileManager.default.fileExists(atPath: directory.sensitivity))
    #expect(run.settings.search.accuracy?.imageCount == 450)

    let again = Listener()
    let resumed = try prepare(nil, telling: again.observer)
    #expect(again.lines.allSatisfy { !$0.contains("pruned") && !$0.contains("Pruning") })
    #expect(resumed.settings.description.bank == run.settings.description.bank)
    #expect(resumed.settings.search.initial == run.settings.search.initial)
  }
}
