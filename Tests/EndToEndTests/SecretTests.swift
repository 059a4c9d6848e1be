import Foundation
import Glibc
import Testing
import TestSupport

/// What the processes that hold secret keys let out.
@Suite(.serialized, .timeLimit(.minutes(20))) struct SecretTests {
  private static let secret = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"
  private static let serverKey = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

  /// Starts a worker with its secret in the environment, which finds no coordinator.
  private func startWorker(asOther: Bool = false) throws -> RunningProcess {
    let arguments = [
      "worker", "--connect", "tcp://127.0.0.1:1", "--server-key", Self.serverKey,
      "--give-up-after", "600",
    ]
    let environment: [String: String?] = [
      "ELSA_WORKER_SECRET_KEY": Self.secret, "XDG_CACHE_HOME": nil,
    ]
    let worker =
      asOther
      ? try OtherUserTests.start(arguments, environment: environment)
      : try Program.start(arguments, environment: environment)
    try waitUntil("the worker looks for its coordinator") {
      try #require(worker.isRunning, "\(worker.errors)")
      return worker.errors.contains("cannot be reached")
    }
    return worker
  }

  @Test func `the environment of a worker does not keep its secret, and no core can be dumped`()
    throws
  {
    let worker = try startWorker()
    let folder = "/proc/\(worker.processIdentifier)"
    let environment = try Data(contentsOf: URL(filePath: "\(folder)/environ"))
    #expect(environment.range(of: Data("ELSA_WORKER_SECRET_KEY".utf8)) != nil)
    #expect(environment.range(of: Data(Self.secret.utf8)) == nil)
    let limits = try String(contentsOfFile: "\(folder)/limits", encoding: .utf8)
    let core = try #require(limits.split(separator: "\n").first { $0.contains("core file") })
    #expect(core.split(separator: " ").filter { $0 == "0" }.count == 2, "\(core)")
  }

  @Test(
    .enabled(
      if: OtherUserTests.isAvailable, "needs root, setpriv, and a program that others can start"))
  func `another process of the same user cannot look into a worker`() throws {
    let worker = try startWorker(asOther: true)
    let path = "/proc/\(worker.processIdentifier)/environ"
    // The system gives what belongs to a process that must not be dumped to root.
    var status = stat()
    try #require(unsafe stat(path, &status) == 0)
    #expect(status.st_uid == 0)
    #expect(try OtherUserTests.run([path], program: "/bin/cat").status != 0)
  }
}
