import Foundation
import RunStorage
import Testing
import TestSupport
import WireProtocol

/// Whether Debian's Python and its numpy are there.
private let hasNumpy: Bool = {
  let probe = try? RunningProcess("/usr/bin/python3", ["-c", "import numpy"])
  return probe?.ending().status == 0
}()

/// Runs whose accuracy a program from outside measures.
@Suite(
  .serialized, .timeLimit(.minutes(20)),
  .enabled(if: hasNumpy, "needs python3 and python3-numpy"))
struct ExternalEvaluatorTests {
  private static let landscape =
    "/usr/bin/python3 \(Checkout.root)/Tests/EndToEndTests/Evaluators/landscape.py"
  private static let numpy =
    "/usr/bin/python3 \(Checkout.root)/Sources/ExternalEvaluation/Examples/numpy_evaluator.py"

  private static func run(_ name: String = "landscape", evaluations: Int = 60) throws -> DigitsRun {
    try DigitsRun(
      evaluations: evaluations,
      search: "population: 10, evaluations: \(evaluations), seed: 3, mode: strict, window: 8",
      numerics: "evaluator: {name: \(name), version: \"1\"}")
  }

  @Test func `one worker and two, killed and resumed on the way, find the same`() throws {
    let calm = try Self.run()
    let coordinator = try calm.startCoordinator()
    let only = try calm.startWorker("only", arguments: ["--evaluator", Self.landscape])
    let calmEnding = coordinator.ending()
    #expect(calmEnding.status == 0, "\(calmEnding.errors)")
    #expect(only.ending().status == 0)

    let rough = try Self.run()
    let first = try rough.startCoordinator()
    let arguments = ["--evaluator", Self.landscape]
    let doomed = try rough.startWorker("doomed", arguments: arguments)
    let steady = try rough.startWorker(
      "steady", arguments: arguments + ["--slots", "2", "--threads", "2"])
    try rough.kill(doomed, "doomed", beside: "steady", thenCoordinator: first)
    let second = try rough.startCoordinator(resuming: true)
    let ending = second.ending()
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(steady.ending().status == 0, "\(steady.errors)")
    let expected = try StrictRunTests.Outcome(calm)
    #expect(expected.evaluations.count == 60)
    #expect(try StrictRunTests.Outcome(rough) == expected)
    let fronts = try [calm, rough].map { run in
      try Program.run(["front", run.directory.path, "--json"]).output
    }
    #expect(fronts[0].contains("landscape"))
    #expect(fronts[0] == fronts[1], "the fronts are the same to the last byte")
  }

  @Test func `a worker without the program, and one with another, do not take part`() throws {
    let run = try Self.run()
    let coordinator = try run.startCoordinator()
    let without = try run.startWorker("without").ending()
    #expect(without.status == 3)
    #expect(without.errors.contains("the run computes with landscape/1"), "\(without.errors)")
    let other = try run.startWorker("other", arguments: ["--evaluator", Self.landscape + " 2"])
      .ending()
    #expect(other.status == 1)
    #expect(
      other.errors.contains("the evaluator is landscape/2, and the run is computed by landscape/1"),
      "\(other.errors)")
    let right = try run.startWorker("right", arguments: ["--evaluator", Self.landscape])
    #expect(coordinator.ending().status == 0)
    #expect(right.ending().status == 0)
    let workers = try JournalReader(of: run.directory).records().compactMap { record in
      if case .shardCompleted(let completion) = record { completion.worker } else { nil }
    }
    #expect(Set(workers) == ["right"])
  }

  @Test func `the example in numpy counts what Elsa counts, within an image`() throws {
    let run = try Self.run("numpy-vit", evaluations: 4)
    let search = try Program.run([
      "search", run.runFile, "--workers", "1", "--run-directory", run.directory.path,
      "--evaluator", Self.numpy,
    ])
    #expect(search.status == 0, "\(search.errors)")
    let expected = ["1:4": 103, "2:4": 426, "3:4": 445, "4:4": 444]
    var checked = 0
    var genomes: [CandidateText: Int] = [:]
    for point in try Self.evaluations(of: run) {
      genomes[point.genome] = point.correct
      guard let pattern = point.genome.uniform, let correct = expected[pattern] else { continue }
      #expect(abs(point.correct - correct) <= 1, "\(pattern)")
      checked += 1
    }
    #expect(checked >= 2, "\(genomes)")
  }

  /// The choices of a genome.
  private struct CandidateText: Hashable {
    let choices: [String]
    /// The one choice of all decisions, if they are equal.
    var uniform: String? { Set(choices).count == 1 ? choices.first : nil }
  }

  private static func evaluations(
    of run: DigitsRun
  ) throws -> [(genome: CandidateText, correct: Int)] {
    let records = try JournalReader(of: run.directory).records()
    guard case .opened(let opening) = records.first else { return [] }
    var genomes: [CandidateText] = []
    var found: [(genome: CandidateText, correct: Int)] = []
    for record in records {
      switch record {
      case .proposed(_, let genome):
        genomes.append(
          CandidateText(
            choices: zip(opening.description.space.decisions, genome.genes).map {
              "\($0.choices[Int($1)])"
            }))
      case .evaluated(let evaluated):
        found.append((genomes[evaluated.candidate.rawValue], evaluated.correctCount))
      default: break
      }
    }
    return found
  }

  @Test func `a program that keeps dying ends its worker, and the run goes on with others`() throws
  {
    let run = try Self.run()
    let coordinator = try run.startCoordinator()
    let dying = try run.startWorker(
      "dying", arguments: ["--evaluator", "exit 4", "--evaluator-ready-timeout", "5"]
    ).ending()
    #expect(dying.status == 1)
    #expect(dying.errors.contains("the evaluator has ended with status 4"), "\(dying.errors)")
    #expect(dying.errors.contains("for the 5. time without a result"), "\(dying.errors)")
    let right = try run.startWorker("right", arguments: ["--evaluator", Self.landscape])
    #expect(coordinator.ending().status == 0)
    #expect(right.ending().status == 0)
  }

  @Test(arguments: [
    ("evaluator: {name: a}", "evaluator.version"),
    ("evaluator: {name: \"a b\", version: 1}", "1 to 64 printable"),
    ("evaluator: {name: \"*\", version: 1}", "evaluator.name"),
    ("evaluator: {name: a, version: 1}\nprecision: f32", "Elsa's own inference"),
    ("evaluator: {name: a, version: 1, gpu: 2}", "gpu"),
  ])
  func `what a run file says wrongly of an evaluator is refused`(
    lines: String, part: String
  ) throws {
    let run = try DigitsRun(evaluations: 10, numerics: lines)
    let ending = try Program.run([
      "search", run.runFile, "--run-directory", run.directory.path, "--workers", "1",
    ])
    #expect(ending.status == 2)
    #expect(ending.errors.contains(part), "\(ending.errors)")
  }

  @Test func `a search that its evaluator fails says how to go on`() throws {
    let run = try Self.run()
    let command = "echo 'no GPU' >&2; exit 4"
    let ending = try Program.run([
      "search", run.runFile, "--run-directory", run.directory.path, "--workers", "1",
      "--evaluator", command,
    ])
    #expect(ending.status == 1)
    #expect(ending.errors.contains("evaluator: no GPU"), "\(ending.errors)")
    #expect(
      ending.errors.contains(#"--workers 1 --evaluator 'echo '\''no GPU'\'' >&2; exit 4'"#),
      "\(ending.errors)")
  }

  @Test func `a search says at once that run file and option do not fit`() throws {
    let run = try Self.run()
    let without = try Program.run([
      "search", run.runFile, "--run-directory", run.directory.path, "--workers", "1",
    ])
    #expect(without.status == 2)
    #expect(without.errors.contains("add the command that starts it"), "\(without.errors)")
    let plain = try DigitsRun(evaluations: 10)
    let needless = try Program.run([
      "search", plain.runFile, "--run-directory", plain.directory.path, "--workers", "1",
      "--evaluator", Self.landscape,
    ])
    #expect(needless.status == 2)
    #expect(needless.errors.contains("the run file does not name"), "\(needless.errors)")
  }

  @Test func `the time of an evaluator belongs to one`() throws {
    let ending = try Program.run([
      "worker", "--connection-file", "nowhere", "--evaluator-image-timeout", "5",
    ])
    #expect(ending.status == 2)
    #expect(ending.errors.contains("belongs to --evaluator"))
  }
}
