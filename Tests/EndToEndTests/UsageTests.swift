import Foundation
import Testing
import TestSupport

@Suite(.timeLimit(.minutes(20))) struct UsageTests {
  static let commands = [
    "doctor", "demo", "search", "coordinator", "worker", "evaluate", "estimate", "accelerators",
    "prune", "pack", "front", "simulate", "benchmark", "status", "drain", "keygen",
  ]

  @Test func `the help names every command`() throws {
    let ending = try Program.run(["--help"])
    #expect(ending.status == 0)
    for command in Self.commands {
      #expect(ending.output.contains("\n  \(command) "), "\(command) is missing")
    }
  }

  @Test(
    arguments: commands + [
      "benchmark kernels", "benchmark operations", "benchmark model", "benchmark accelerator",
      "benchmark pruning", "accelerators list", "accelerators show", "accelerators validate",
      "accelerators import", "accelerators fit",
    ])
  func `every command has an example`(command: String) throws {
    let ending = try Program.run(command.split(separator: " ").map(String.init) + ["--help"])
    #expect(ending.status == 0)
    #expect(ending.output.contains("EXAMPLES\n"))
    #expect(ending.output.contains("elsa \(command)"))
  }

  @Test(arguments: [
    ["nonsense"], ["search"], ["estimate"], ["estimate", "--model", "m", "--uniform", "5:4"],
    ["estimate", "--gemm", "1x2"], ["evaluate", "--precision", "f8"], ["front"],
    ["demo", "--workers", "0"], ["estimate", "--model", "m", "--gemm", "1x2x3"],
    ["benchmark", "nonsense"],
    ["worker", "--connection-file", "c", "--slots", "257"],
    ["worker", "--connection-file", "c", "--threads", "1025"],
    ["worker", "--connection-file", "c", "--name", "two\nlines"],
    ["worker", "--connection-file", "c", "--name", ""],
    ["estimate", "--model", "m", "--batch", "1000001"],
    ["search", "--run-directory", "d"], ["coordinator", "--run-directory", "d"],
    ["prune", "--model", "m", "--output", "o.safetensors"],
    ["prune", "--model", "m", "--uniform", "2:4"],
    ["prune", "--model", "m", "--uniform", "2:4", "--output", "o.bin"],
    ["prune", "--model", "m", "--blocks", "16", "--calibration", "c", "--curve", "c.json"],
    ["prune", "--model", "m", "--blocks", "4x4", "--curve", "c.json"],
    ["prune", "--model", "m", "--blocks", "4x4", "--calibration", "c"],
    [
      "prune", "--model", "m", "--blocks", "4x4", "--calibration", "c", "--output", "o.safetensors",
    ],
    ["prune", "--model", "m", "--uniform", "2:4", "--density", "0.5", "--output", "o.safetensors"],
    [
      "evaluate", "--model", "m", "--data", "d", "--uniform", "2:4", "--bank", "b", "--pruning",
      "wanda",
    ],
    ["evaluate", "--model", "m", "--data", "d", "--uniform", "2:4", "--calibration", "c"],
    ["benchmark", "pruning", "--model", "m", "--genomes", "3"],
    ["benchmark", "pruning", "--model", "m", "--method", "lsp"],
    ["status"], ["status", "d", "--connection-file", "f"], ["drain"],
    ["keygen", "worker", "../evil"], ["keygen", "server", "s", "--authorize", "d"],
    ["coordinator", "r.yaml", "--run-directory", "d", "--insecure-plain-text", "--key-file", "k"],
    ["worker", "--connect", "tcp://127.0.0.1:1"], ["worker", "--connect", "tcp://lab:1"],
    ["worker", "--connection-file", "c", "--key-file", "k", "--insecure-plain-text"],
  ])
  func `wrong usage ends with 2 and a hint`(arguments: [String]) throws {
    let ending = try Program.run(arguments)
    #expect(ending.status == 2)
    #expect(ending.output.isEmpty)
    #expect(ending.errors.contains("Error: "))
  }

  @Test func `a reader that leaves ends the program quietly`() throws {
    let pipe = Pipe()
    try pipe.fileHandleForReading.close()
    let ending = try Program.start(
      [
        "evaluate", "--model", "\(Checkout.demoData)/digits_vit_dense.safetensors", "--data",
        "\(Checkout.demoData)/search.safetensors",
      ], standardOutput: pipe.fileHandleForWriting
    ).ending()
    #expect(ending.isBySignal)
    #expect(ending.status == SIGPIPE)
    #expect(ending.errors.isEmpty)
  }

  @Test func `a missing folder for the result is named before the work`() throws {
    let folder = try TemporaryFolder()
    let ending = try Program.run([
      "prune", "--model", "nowhere", "--uniform", "2:4", "--output",
      folder.file("missing/pruned.safetensors"),
    ])
    #expect(ending.status == 1)
    #expect(ending.errors.contains("there is no folder \(folder.file("missing"))"))
    #expect(ending.errors.contains("mkdir -p"))
  }

  @Test func `the doctor finds this machine able`() throws {
    let ending = try Program.run(["doctor", "--json"])
    #expect(ending.status == 0)
    let findings = try #require(
      JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [[String: Any]])
    let checks = findings.compactMap { $0["check"] as? String }
    #expect(checks.contains("processor"))
    #expect(checks.contains("disk"))
    #expect(findings.allSatisfy { $0["level"] as? String != "failing" })
  }

  @Test(arguments: ["sse2", "AVX2", ""])
  func `an instruction set that nobody knows is refused with a diagnostic`(name: String) throws {
    let ending = try Program.run(["doctor"], environment: ["ELSA_INSTRUCTION_SET": name])
    #expect(ending.status == 1)
    #expect(ending.output.isEmpty)
    #expect(ending.errors.contains("ELSA_INSTRUCTION_SET is \"\(name)\""), "\(ending.errors)")
    #expect(ending.errors.contains("baseline, avx2, avx512, avx512bf16"))
  }

  @Test func `the doctor shows a limit of the instructions`() throws {
    let limited = try Program.run(["doctor"], environment: ["ELSA_INSTRUCTION_SET": "baseline"])
    #expect(limited.status == 0)
    #expect(limited.output.contains("kernels for baseline, limited by ELSA_INSTRUCTION_SET"))
    #expect(limited.output.contains("unset ELSA_INSTRUCTION_SET"))
    let plain = try Program.run(["doctor"], environment: ["ELSA_INSTRUCTION_SET": nil])
    #expect(!plain.output.contains("ELSA_INSTRUCTION_SET"))
  }
}
