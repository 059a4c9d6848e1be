import Foundation
import Testing
import TestSupport

/// What batch systems allow and say.
@Suite(.serialized, .timeLimit(.minutes(20))) struct SchedulerTests {
  /// Seconds from now in which a worker can join before it prepares to leave.
  private static let lifeSeconds = 45.0
  /// A zone in which nobody runs these tests.
  private static let zone = "Asia/Kathmandu"

  /// Returns a time without a zone, as it is written in a place.
  private static func local(_ date: Date) throws -> String {
    let style = Date.ISO8601FormatStyle(timeZone: try #require(TimeZone(identifier: zone)))
      .year().month().day().dateSeparator(.dash).time(includingFractionalSeconds: false)
    return date.formatted(style)
  }

  /// Writes tools of Slurm into a folder: each prints a text and notifications its arguments.
  private static func tools(
    _ texts: [String: String], in folder: TemporaryFolder
  ) throws -> String {
    let path = folder.file("bin")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, text) in texts {
      let script = """
        #!/bin/sh
        echo "$0 $* format=$SLURM_TIME_FORMAT" >> \(folder.file("asked"))
        cat <<'END'
        \(text)
        END
        """
      _ = try folder.write(script, to: "bin/\(name)")
      try #require(unsafe chmod("\(path)/\(name)", 0o755) == 0)
    }
    return path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
  }

  @Test(arguments: ["scontrol", "squeue", "option"])
  func `a worker leaves before the end that Slurm's tools or an option name in local time`(
    source: String
  ) throws {
    let run = try DigitsRun(evaluations: 20_000)
    let coordinator = try run.startCoordinator()
    let end = Date(timeIntervalSinceNow: Self.lifeSeconds)
    let text = try Self.local(end)
    let record = """
      JobId=4711 JobName=elsa
         StartTime=2026-01-01T00:00:00 EndTime=\(text) Deadline=N/A
      """
    let path = try Self.tools(
      source == "squeue" ? ["scontrol": "", "squeue": text] : ["scontrol": record, "squeue": ""],
      in: run.folder)
    let worker = try Program.start(
      run.workerArguments("worker") + (source == "option" ? ["--end-time", text] : []),
      environment: [
        "PATH": path, "SLURM_JOB_ID": "4711", "SLURM_JOB_END_TIME": nil, "TZ": Self.zone,
        "SLURM_TIME_FORMAT": "relative",
      ])
    let ending = worker.ending()
    #expect(ending.status == 10, "\(ending.errors)")
    #expect(Date() < end, "the worker has outlived its time")
    let sources = [
      "scontrol": "scontrol show job 4711", "squeue": "squeue -h -j 4711 -o %e",
      "option": "--end-time",
    ]
    let diagnostic =
      "The process will be ended at \(end.formatted(.iso8601)), says \(sources[source] ?? "")."
    #expect(ending.errors.contains(diagnostic), "\(ending.errors)")
    try run.waitUntilLogged("worker worker left: the time of the worker is over")
    let asked = FileManager.default.contents(atPath: run.folder.file("asked"))
    let lines = String(decoding: asked ?? Data(), as: UTF8.self).split(separator: "\n")
    #expect(lines.count == (source == "option" ? 0 : source == "squeue" ? 2 : 1))
    #expect(lines.allSatisfy { $0.hasSuffix("format=standard") })
    coordinator.signal(SIGTERM)
    _ = coordinator.ending()
  }

  @Test func `a job whose end nobody knows is said to be one`() throws {
    let folder = try TemporaryFolder()
    let path = try Self.tools(["scontrol": "", "squeue": ""], in: folder)
    let ending = try Program.run(
      [
        "worker", "--connect", "tcp://127.0.0.1:9", "--insecure-plain-text", "--give-up-after",
        "10",
      ],
      environment: ["PATH": path, "SLURM_JOB_ID": "4711", "SLURM_JOB_END_TIME": nil])
    #expect(ending.errors.contains("It is not known when the job ends"), "\(ending.errors)")
    #expect(ending.errors.contains("--end-time"))
  }

  @Test func `the doctor counts the processors that the process may use`() throws {
    let given = try Program.run(["doctor"], environment: ["SLURM_CPUS_PER_TASK": "1"])
    let cores = ProcessInfo.processInfo.processorCount
    if cores > 1 {
      #expect(given.output.contains("1 core, limited by SLURM_CPUS_PER_TASK"), "\(given.output)")
    }
    let taskset = "/usr/bin/taskset"
    guard cores > 1, FileManager.default.isExecutableFile(atPath: taskset) else { return }
    let pinned = try Program.start(
      ["-c", "0", Program.path, "doctor"],
      environment: ["SLURM_CPUS_PER_TASK": nil], program: taskset
    ).ending()
    #expect(pinned.output.contains("1 core, limited by the processor affinity"), "\(pinned.output)")
  }

  @Test func `a search starts a worker for each processor that it may use`() throws {
    let run = try DigitsRun(evaluations: 12)
    let ending = try Program.run(
      ["search", run.runFile, "--run-directory", run.directory.path],
      environment: ["SLURM_CPUS_PER_TASK": "1"])
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(try run.logged("worker worker-1 joined") != nil)
    #expect(try run.logged("worker worker-2 joined") == nil)
  }
}
