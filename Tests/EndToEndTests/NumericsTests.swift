import Foundation
import RunStorage
import SparseKernels
import SparsityCore
import Testing
import TestSupport

/// Whose arithmetic a run computes in.
@Suite(.serialized, .timeLimit(.minutes(20))) struct NumericsTests {
  @Test(.enabled(if: InstructionSet.detected > .baseline, "needs a processor with AVX2"))
  func `a coordinator with a lesser processor does not hold the workers back`() throws {
    let run = try DigitsRun(evaluations: 12, numerics: "")
    let lesser: [String: String?] = ["ELSA_INSTRUCTION_SET": "baseline"]
    let coordinator = try run.startCoordinator(
      arguments: ["--expect-workers", "2"], environment: lesser)
    let workers = try ["a", "b"].map { try run.startWorker($0) }
    let ending = coordinator.ending()
    #expect(ending.status == 0, "\(ending.errors)")
    for worker in workers { #expect(worker.ending().status == 0) }
    #expect(ending.errors.contains("leaves precision and instructionSet open"), "\(ending.errors)")
    let set = InstructionSet.detected.rawValue
    let front = try run.front()
    let options = try #require(front["options"] as? [String: String])
    #expect(options["instructionSet"] == set)
    #expect(options["precision"] == "bf16")
    #expect((front["numerics"] as? String)?.contains("instructionSet=\(set);") == true)
    let table = try Program.run(["front", run.directory.path])
    #expect(table.output.contains("computed in elsa/"), "\(table.output)")
  }

  @Test(.enabled(if: InstructionSet.detected > .baseline, "needs a processor with AVX2"))
  func `the least of the first workers is kept by a coordinator that goes on`() throws {
    let run = try DigitsRun(evaluations: 10, numerics: "precision: f32")
    let set = try #require(InstructionSet.allCases.last { $0 < .detected }).rawValue
    let first = try run.startCoordinator(arguments: ["--expect-workers", "2"])
    let lesser = try Program.start(
      run.workerArguments("lesser"), environment: ["ELSA_INSTRUCTION_SET": set])
    let able = try run.startWorker("able")
    try waitUntil("both have computed") {
      !run.computed(by: "lesser").isEmpty && !run.computed(by: "able").isEmpty
    }
    #expect(able.errors.contains("(instructionSet); this processor has"), "\(able.errors)")
    first.signal(SIGKILL)
    _ = first.ending()
    let second = try run.startCoordinator(resuming: true)
    let ending = second.ending()
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(lesser.ending().status == 0)
    #expect(able.ending().status == 0)
    let front = try run.front()
    let options = try #require(front["options"] as? [String: String])
    #expect(options["instructionSet"] == set)
    #expect(options["precision"] == "f32")
  }
}
