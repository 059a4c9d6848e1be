import Coordination
import Evaluation
import ExternalEvaluation
import Foundation
import SparsityCore
import Synchronization
import TestSupport
import Testing
import WireProtocol
import WorkerService

/// Evaluations by real programs, most of which misbehave.
@Suite(.timeLimit(.minutes(10)))
struct EvaluatorProcessTests {
  /// What a program has made a worker say.
  private final class Log: Sendable {
    private let texts = Mutex<[String]>([])
    func add(_ text: String) { texts.withLock { $0.append(text) } }
    var all: [String] { texts.withLock(\.self) }
    func contains(_ part: String) -> Bool { all.contains { $0.contains(part) } }
  }

  private let folder: TemporaryFolder
  private let log = Log()
  private let description: RunDescription

  init() throws {
    folder = try TemporaryFolder()
    description = try DigitsExample.description(
      numerics: Numerics(backend: Backend(name: "sh", version: "1"), options: [:]))
  }

  /// Starts a program that the shell runs.
  private func evaluator(
    _ script: String, ready: Duration = .seconds(20), image: Duration = .seconds(20)
  ) throws -> ProgramShardEvaluator {
    let path = try folder.write("set -eu\n" + script, to: "evaluator.sh")
    var limits = EvaluatorConversation.Limits()
    limits.readyTimeout = ready
    limits.imageTimeout = image
    return try ProgramShardEvaluator(
      command: "exec sh \(path)", description: description,
      files: InputFiles(sharedBy: description), limits: limits, log: { log.add($0) })
  }

  private static let ready = #"read run; echo '{"type":"ready","name":"sh","version":"1"}'"#
  /// The bits of no correct image of a slice.
  private static let none = #"{\"type\":\"result\",\"id\":$id,\"correct\":\"0000\"}"#
  /// Sets `id` to that of the line that was read.
  private static let takeID =
    #"id=${line#*'"id":'}; id=${id%%[!0-9]*}"#

  private func evaluate(
    _ evaluator: ProgramShardEvaluator, control: EvaluationControl? = nil
  ) throws -> ShardOutcome {
    try evaluator.evaluate(
      EvaluationTask(
        shard: ShardID(candidate: CandidateID(0), slice: 0), slice: description.slices[0],
        genome: Genome(genes: description.space.choiceCounts.map { _ in 0 })),
      control: control ?? EvaluationControl { _ in })
  }

  @Test func `a program of ten lines evaluates, and its costs are the model's`() throws {
    let evaluator = try evaluator(
      """
      \(Self.ready)
      while read line; do
        \(Self.takeID)
        echo "{\\"type\\":\\"progress\\",\\"id\\":$id,\\"images\\":3}"
        echo "\(Self.none)"
      done
      """)
    let outcome = try evaluate(evaluator)
    #expect(outcome.measurement.correct.populationCount == 0)
    #expect(outcome.measurement.summedLoss == 10)
    #expect(outcome.costs.count == description.costNames.count)
    #expect(outcome.costs.allSatisfy { $0 > 0 } || outcome.costs.contains { $0 > 0 })
    #expect(evaluator.inputs.imageCount == description.imageCount)
  }

  @Test func `a program that is not there ends the worker, and what the shell says is told`() {
    let error = #expect(throws: EvaluatorProgramError.self) {
      _ = try evaluator("exit 3", ready: .seconds(1))
    }
    #expect(error?.endsWorker == true)
    #expect(error?.description.contains("has ended with status 3, for the 5. time") == true)
    #expect(log.all.count { $0.contains("status 3") } >= 5)
  }

  @Test func `one of another version ends the worker at once`() {
    let error = #expect(throws: EvaluatorProgramError.self) {
      _ = try evaluator(#"read run; echo '{"type":"ready","name":"sh","version":"2"}'; cat"#)
    }
    #expect(
      error?.description.contains("the evaluator is sh/2, and the run is computed by sh/1") == true)
  }

  @Test func `one that dies loses its shard, is started again, and then evaluates`() throws {
    let evaluator = try evaluator(
      """
      \(Self.ready)
      read line
      \(Self.takeID)
      if mkdir \(folder.path)/first 2>/dev/null; then echo 'out of memory' >&2; exit 9; fi
      echo "\(Self.none)"
      cat >/dev/null
      """)
    let error = #expect(throws: EvaluatorProgramError.self) { _ = try evaluate(evaluator) }
    #expect(error?.endsWorker == false)
    #expect(error?.description == "the evaluator has ended with status 9")
    #expect(log.contains("evaluator: out of memory"))
    #expect(try evaluate(evaluator).measurement.summedLoss == 10)
  }

  @Test func `one that hangs is ended with all that it has started`() throws {
    let evaluator = try evaluator(
      """
      \(Self.ready)
      read line
      sleep 1000 &
      echo $! >\(folder.path)/child
      wait
      """, image: .milliseconds(20))
    let error = #expect(throws: EvaluatorProgramError.self) { _ = try evaluate(evaluator) }
    #expect(error?.description.contains("0 of 10 images") == true)
    let child = try String(contentsOfFile: folder.file("child"), encoding: .utf8)
    let identifier = try #require(Int32(child.trimmingCharacters(in: .whitespacesAndNewlines)))
    try waitUntil("the child is gone") { kill(identifier, 0) != 0 }
  }

  @Test func `one that floods its output is ended`() throws {
    let evaluator = try evaluator(
      """
      \(Self.ready)
      read line
      yes nonsense
      """)
    let error = #expect(throws: EvaluatorProgramError.self) { _ = try evaluate(evaluator) }
    #expect(error?.description.contains("1000 lines without a meaning") == true)
    #expect(log.all.count { $0.contains("nonsense") } <= 11)
  }

  @Test func `a line without an end is ended with its program`() throws {
    let evaluator = try evaluator(
      """
      \(Self.ready)
      read line
      head -c 40000000 /dev/zero | tr '\\0' x
      cat
      """)
    let error = #expect(throws: EvaluatorProgramError.self) { _ = try evaluate(evaluator) }
    #expect(error?.description.contains("a line of more than") == true)
  }

  @Test func `what is cancelled returns at once, though the program ignores it`() throws {
    let evaluator = try evaluator(
      """
      \(Self.ready)
      read line
      read cancel
      read line
      \(Self.takeID)
      echo '{"type":"result","id":0,"correct":"ffff"}'
      echo "\(Self.none)"
      cat >/dev/null
      """)
    let control = EvaluationControl { _ in }
    control.cancel()
    #expect(throws: CancellationError.self) { _ = try evaluate(evaluator, control: control) }
    #expect(try evaluate(evaluator).measurement.summedLoss == 10)
  }

  @Test func `a program that reads nothing holds up nobody`() throws {
    let evaluator = try evaluator(
      """
      \(Self.ready)
      sleep 1000
      """, image: .milliseconds(10))
    #expect(throws: EvaluatorProgramError.self) { _ = try evaluate(evaluator) }
  }

  @Test func `its input ends with the worker`() throws {
    do {
      _ = try evaluator(
        """
        \(Self.ready)
        while read line; do :; done
        echo left >\(folder.path)/left
        """)
    }
    try waitUntil("the program has left") {
      FileManager.default.fileExists(atPath: folder.file("left"))
    }
  }
}
