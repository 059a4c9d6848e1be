import CoordinatorService
import ProcessLimits
import ZeroMQ

/// The worker that a coordinator starts itself, to measure again what others have measured.
struct OwnWorker: AuditorProcess {
  private let process: ChildProcess

  /// Starts the worker, which finds the coordinator by its connection file and has its own key.
  init(connectionFile: String, keys: CurveKeyPair) throws {
    process = try ChildProcess(
      role: "coordinator's own worker",
      arguments: [
        "worker", "--connection-file", connectionFile, "--name", "coordinator", "--quiet",
      ],
      environment: [SecretVariable.workerSecretKey.rawValue: keys.secret.z85])
  }

  var departure: String? { process.isRunning ? nil : "it \(process.ending)" }

  func end() {
    process.terminate()
    process.finish(patience: .seconds(2))
  }
}
