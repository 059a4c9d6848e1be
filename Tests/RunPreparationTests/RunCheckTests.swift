import Foundation
import RunFiles
import RunPreparation
import RunStorage
import Testing
import TestSupport
import TextReports

struct RunCheckTests {
  private static func check(_ data: String, _ lines: String = "") throws -> RunCheck {
    let runFile = try RunFile(
      yaml: """
        model: {weights: \(Checkout.demoData)/digits_vit_dense.safetensors}
        data: \(data)
        patterns: ["2:4", "4:4"]
        search: {population: 8, evaluations: 20}
        \(lines)
        """, file: "run.yaml")
    return RunCheck(runFile: runFile, threads: 1, observer: WorkObserver())
  }

  private static let search = "{search: \(Checkout.demoData)/search.safetensors}"

  @Test func `a run that can start has nothing but fine findings`() throws {
    let folder = try TemporaryFolder()
    var check = try Self.check(Self.search)
    check.checkPlan()
    check.checkImages()
    check.checkDirectory(RunDirectory(path: folder.file("run")))
    check.check("address") { "tcp://*:5555" }
    #expect(check.firstFailure == nil)
    #expect(
      check.report.findings.map(\.check) == [
        "run file", "model", "accelerator", "patterns", "search", "run directory", "address",
      ])
    #expect(check.report.findings.allSatisfy { $0.level == .fine })
    #expect(check.report.images.map(\.images) == [450])
    #expect(try folder.files.isEmpty)
  }

  @Test func `the first fault decides, and those after it are named, too`() throws {
    let images = "\(Checkout.demoData)/search.safetensors"
    var check = try Self.check("{search: \(images), test: \(images)}")
    check.checkPlan()
    check.checkImages()
    check.check("address") { throw ExplainedError("no such interface", nextStep: "name another") }
    let failing = check.report.findings.filter { $0.level == .failing }
    #expect(failing.map(\.check) == ["overlap", "address"])
    #expect(failing[0].found == "450 images of the test set are also in the search set")
    #expect(failing[1].found == "no such interface")
    #expect(failing[1].fix == "name another")
    let first = try #require(check.firstFailure as? ExplainedError)
    #expect(first.message == failing[0].found)
  }

  @Test func `a plan that cannot be made is the last thing that is looked at`() throws {
    var check = try Self.check(Self.search, "constraints: {macs: {atMost: 0.01}}")
    check.checkPlan()
    check.checkImages()
    #expect(check.report.findings.map(\.check) == ["run file", "constraints"])
    #expect((check.firstFailure as? ExplainedError)?.isWrongUsage == true)
  }

  @Test func `a split that wants more images than there are is refused`() throws {
    var check = try Self.check(
      "{images: \(Checkout.demoData)/search.safetensors, split: {search: 400, test: 60}}")
    check.checkPlan()
    check.checkImages()
    let failing = check.report.findings.filter { $0.level == .failing }
    #expect(failing.map(\.found) == ["the split wants 460 images of 450"])
  }
}
