import ArgumentParser
import Evaluation
import Foundation
import LinearAlgebra
import ProcessLimits
import RunPreparation
import RunStorage
import SparseKernels
import SparsityCore
import TextReports
import ZeroMQ

/// Whether this machine can run Elsa well, and what to do where it cannot.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Checks libraries, processor, limits and disk; names the fix.",
    discussion: """
      Ends with 1 if something would keep a search from running.

      EXAMPLES
        elsa doctor
        elsa doctor --run-directory /scratch/runs --json
      """)

  @Option(help: ArgumentHelp("Where runs will be kept.", valueName: "folder"))
  var runDirectory = "."

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let findings = Self.findings(
      runDirectory: absolutePath(runDirectory), limit: try InstructionLimit.read())
    if json {
      try Output.json(findings)
    } else {
      Finding.lines(of: findings).forEach(Output.result)
    }
    if findings.contains(where: { $0.level == .failing }) { throw ExitCode(1) }
  }

  private static func findings(runDirectory: String, limit: InstructionSet?) -> [Finding] {
    [
      processor(limit: limit), encryption, libraries, descriptors, memory, disk(of: runDirectory),
      fileSystem(of: runDirectory),
    ]
  }

  private static func processor(limit: InstructionSet?) -> Finding {
    let processors = AllowedProcessors.current
    let set = InstructionSet.detected
    let found =
      counted(processors.count, "core") + (processors.limit.map { ", limited by \($0)" } ?? "")
      + ", kernels for \(set.rawValue)"
    if let limit {
      return Finding(
        check: "processor",
        found: "\(found), limited by \(InstructionLimit.variable)=\(limit.rawValue)",
        level: .warning,
        fix: "unset \(InstructionLimit.variable), which is for tests, to use all that the "
          + "processor has")
    }
    return Finding(
      check: "processor", found: found, level: set == .baseline ? .warning : .fine,
      fix: set == .baseline
        ? "without AVX2 sparse layers run as scalar code, many times slower; use a processor of "
          + "2013 or later" : nil)
  }

  private static var encryption: Finding {
    Finding(
      check: "encryption", found: ZeroMQVersion.hasCurve ? "CURVE is available" : "no CURVE",
      level: ZeroMQVersion.hasCurve ? .fine : .warning,
      fix: ZeroMQVersion.hasCurve
        ? nil
        : "this libzmq cannot encrypt, so that only \(PlainTextOptions.flag) is left; install "
          + "Debian's libzmq5")
  }

  private static var libraries: Finding {
    Finding(
      check: "libraries",
      found: "libzmq \(ZeroMQVersion.text), oneDNN \(oneDNNVersion), SQLite \(sqliteVersion)",
      level: .fine, fix: nil)
  }

  private static var descriptors: Finding {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      return Finding(check: "open files", found: "unknown", level: .warning, fix: nil)
    }
    // Two descriptors a worker leave a margin (reference figure of libzmq: one socket each).
    let workers = max(0, Int(clamping: limit.rlim_max) - 64) / 2
    let isLow = workers < 1000
    return Finding(
      check: "open files", found: "up to \(limit.rlim_max): room for \(counted(workers, "worker"))",
      level: isLow ? .warning : .fine,
      fix: isLow ? "raise the hard limit (ulimit -Hn 8192) where a coordinator serves more" : nil)
  }

  private static var memory: Finding {
    let memory = AllowedMemory.current
    let bytes = memory.bytes
    let limit = memory.isLimited ? ", limited by the control group" : ""
    return Finding(
      check: "memory",
      found: "\(NumberFormat.bytes(bytes))\(limit); a DeiT-S worker needs "
        + "about 0.5 GiB, a Swin-B worker 1.2 GiB",
      level: bytes < 1 << 30 ? .warning : .fine,
      fix: bytes < 1 << 30 ? "use a machine with more memory for models beyond DeiT-Tiny" : nil)
  }

  private static func disk(of path: String) -> Finding {
    var statistics = statvfs()
    guard unsafe statvfs(RunDirectory.existingFolder(of: path), &statistics) == 0 else {
      return Finding(
        check: "disk", found: "cannot read \(path)", level: .failing,
        fix: "name a folder that exists with --run-directory")
    }
    let free = UInt64(statistics.f_bavail) * UInt64(statistics.f_frsize)
    let isLow = free < 1 << 30
    let isFull = free < 64 << 20
    return Finding(
      check: "disk", found: "\(NumberFormat.bytes(free)) free for \(path)",
      level: isFull ? .failing : isLow ? .warning : .fine,
      fix: isLow ? "free some space: packed images and the journal need it" : nil)
  }

  private static func fileSystem(of path: String) -> Finding {
    let kind = MountTable.fileSystem(of: RunDirectory.existingFolder(of: path)) ?? "unknown"
    let isNetwork = MountTable.isNetwork(kind)
    return Finding(
      check: "file system", found: kind, level: isNetwork ? .warning : .fine,
      fix: isNetwork
        ? "\(kind) can damage a journal; keep run directories on the coordinator's own disk"
        : nil)
  }
}
