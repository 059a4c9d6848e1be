import Foundation
import Glibc
import Testing
import TestSupport

/// Another user of the same machine.
@Suite(.serialized, .timeLimit(.minutes(20))) struct OtherUserTests {
  /// A user who owns nothing here.
  static let user = 65_534
  private static let tool = "/usr/bin/setpriv"

  /// Whether this process can become another user, and that one can start the program.
  static let isAvailable: Bool = {
    guard geteuid() == 0, FileManager.default.isExecutableFile(atPath: tool) else { return false }
    return (try? run(["--version"]).status) == 0
  }()

  /// Runs the program as the other user.
  static func run(_ arguments: [String], program: String = Program.path) throws
    -> RunningProcess.Ending
  {
    try start(arguments, program: program).ending()
  }

  /// Starts the program as the other user.
  static func start(
    _ arguments: [String], program: String = Program.path, environment: [String: String?] = [:]
  ) throws -> RunningProcess {
    try Program.start(
      ["--reuid=\(user)", "--regid=\(user)", "--clear-groups", program] + arguments, in: "/",
      environment: environment.merging(["HOME": "/nonexistent", "XDG_CACHE_HOME": nil]) { $1 },
      program: tool)
  }

  @Test(arguments: ["022", "002", "000"])
  func `no file of a run can be read by others, whatever the umask`(mask: String) throws {
    let run = try DigitsRun(evaluations: 8)
    let diagnostic = "umask \(mask); exec \"$0\" \"$@\""
    let ending = try Program.start(
      [
        "-c", diagnostic, Program.path, "search", run.runFile, "--run-directory",
        run.directory.path,
        "--workers", "1",
      ], program: "/bin/sh"
    ).ending()
    try #require(ending.status == 0, "\(ending.errors)")
    let names = try FileManager.default.subpathsOfDirectory(atPath: run.directory.path)
    #expect(names.count > 5)
    for path in [run.directory.path] + names.map(run.directory.file) {
      var status = stat()
      try #require(unsafe lstat(path, &status) == 0)
      #expect(status.st_mode & 0o022 == 0, "\(path)")
      // Public halves of keys are no secret, and nobody else can come to them.
      guard !path.hasSuffix(".pub") else { continue }
      #expect(status.st_mode & 0o077 == 0, "\(path)")
    }
  }

  @Test(.enabled(if: isAvailable, "needs root, setpriv, and a program that others can start"))
  func `another user can neither read nor pause a run`() throws {
    let run = try DigitsRun(evaluations: 8)
    let ending = try Program.run([
      "search", run.runFile, "--run-directory", run.directory.path, "--workers", "1",
    ])
    try #require(ending.status == 0, "\(ending.errors)")
    for path in [run.directory.journalPath, run.directory.logPath, run.directory.file("run.yaml")] {
      #expect(try Self.run([path], program: "/bin/cat").status != 0)
    }
    for arguments in [["front"], ["status"], ["keygen", "worker", "x", "--output"]] {
      let refused = try Self.run(arguments + [run.directory.path])
      #expect(refused.status == 1, "\(arguments): \(refused.errors)")
      #expect(refused.output.isEmpty)
    }
  }

  @Test(.enabled(if: isAvailable, "needs root, setpriv, and a program that others can start"))
  func `a directory that another user has made, or can write into, is refused`() throws {
    let run = try DigitsRun(evaluations: 8)
    try FileManager.default.createDirectory(
      atPath: run.directory.path, withIntermediateDirectories: false)
    func start() throws -> RunningProcess.Ending {
      try Program.run(["coordinator", run.runFile, "--run-directory", run.directory.path])
    }
    try #require(unsafe chmod(run.directory.path, 0o777) == 0)
    let writable = try start()
    #expect(writable.status == 1)
    #expect(writable.errors.contains("everybody can write into it"), "\(writable.errors)")
    try #require(unsafe chmod(run.directory.path, 0o700) == 0)
    try #require(unsafe chown(run.directory.path, uid_t(Self.user), gid_t(Self.user)) == 0)
    let foreign = try start()
    #expect(foreign.status == 1)
    #expect(foreign.errors.contains("it belongs to user \(Self.user)"), "\(foreign.errors)")
    let left = try FileManager.default.contentsOfDirectory(atPath: run.directory.path)
    #expect(left.isEmpty)
  }
}
