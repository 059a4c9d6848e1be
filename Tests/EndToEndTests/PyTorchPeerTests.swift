import Foundation
import Testing
import TestSupport

/// Whether summaries can be made.
private let hasPython = FileManager.default.isExecutableFile(atPath: "/usr/bin/python3")

/// The scripts around PyTorch, without PyTorch.
@Suite(.timeLimit(.minutes(20)), .enabled(if: hasPython, "needs python3"))
struct PyTorchPeerTests {
  static let folder = "\(Checkout.root)/Sources/Benchmarks/PyTorchPeer"

  @Test func `the summary gives medians over rounds and ratios of them`() throws {
    let temporary = try TemporaryFolder()
    func pytorch(_ compile: String, _ batch: Int, _ speed: Double) -> String {
      """
      {"side": "pytorch", "model": "deit_tiny", "precision": "f32", "pattern": "dense", \
      "threads": 1, "compile": "\(compile)", "batch": \(batch), "imagesPerSecond": \(speed)}
      """
    }
    func elsa(_ pattern: String, _ speed: Double) -> String {
      """
      {"side": "elsa", "model": "deit_tiny_patch16_224", "precision": "f32", \
      "pattern": "\(pattern)", "threads": 1, "batch": 4, "imagesPerSecond": \(speed)}
      """
    }
    let figures = [
      elsa("4:4", 30), elsa("1:4", 60), pytorch("off", 8, 20), pytorch("on", 16, 99),
      elsa("4:4", 1), elsa("1:4", 70), pytorch("off", 8, 21), pytorch("on", 16, 25),
      elsa("4:4", 31), elsa("1:4", 80), pytorch("off", 8, 5), pytorch("on", 16, 24),
    ]
    let file = try temporary.write(figures.joined(separator: "\n"), to: "figures.jsonl")
    let ending = try run(["summary.py", file])
    #expect(ending.status == 0)
    let rows = ending.output.split(separator: "\n").map {
      $0.split(separator: " ").map(String.init)
    }
    #expect(rows[1] == ["deit_tiny", "f32", "off", "8", "20.00"])
    #expect(rows[2] == ["deit_tiny", "f32", "on", "16", "25.00"])
    #expect(rows[4] == ["deit_tiny", "f32", "4:4", "30.00", "1.50", "1.20"])
    #expect(rows[5] == ["deit_tiny", "f32", "1:4", "70.00", "3.50", "2.80"])
  }

  @Test func `a figure that is missing leaves its ratio out`() throws {
    let temporary = try TemporaryFolder()
    let figures = """
      {"side": "pytorch", "model": "deit_base", "precision": "bf16", "compile": "on", "batch": 4, \
      "imagesPerSecond": 8}
      {"side": "elsa", "model": "deit_base_patch16_224", "precision": "bf16", "pattern": "2:4", \
      "imagesPerSecond": 12}
      """
    let ending = try run(["summary.py", try temporary.write(figures, to: "figures.jsonl")])
    let last = ending.output.split(separator: "\n").last.map { $0.split(separator: " ") }
    #expect(last == ["deit_base", "bf16", "2:4", "12.00", "-", "1.50"])
  }

  @Test(arguments: [
    ("run", ["--threads", "two"]), ("run", ["--nonsense"]), ("run", ["--model"]),
    ("compare", ["--rounds", "0"]), ("compare", ["--nonsense", "1"]), ("compare", ["--core"]),
  ])
  func `wrong usage ends with 2 before anything is installed`(
    script: String, arguments: [String]
  ) throws {
    let ending = try run([script] + arguments, interpreter: "/bin/bash")
    #expect(ending.status == 2)
    #expect(ending.output.isEmpty)
  }

  /// Runs one of the scripts.
  private func run(
    _ arguments: [String], interpreter: String = "/usr/bin/python3"
  ) throws -> RunningProcess.Ending {
    try RunningProcess(
      interpreter, arguments, in: Self.folder,
      environment: ["PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/bin"]
    ).ending()
  }
}
