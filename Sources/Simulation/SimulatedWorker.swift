import Coordination
import SparsityCore
import WireProtocol

/// One place for a worker: its processes come and go.
struct SimulatedWorker: Sendable {
  /// The place's number.
  let index: Int
  /// The evaluations at once.
  let slots: Int
  /// How long an evaluation takes.
  let evaluationTimes: ClosedRange<Int>
  /// Whether the worker computes other costs than the coordinator.
  let isDeviant: Bool
  /// Whether every evaluation fails here.
  var isSick: Bool
  /// Whether the worker finds other bits now and then.
  let isWrong: Bool
  /// Whether the worker's key was revoked.
  var isRevoked = false
  /// The process, if one runs.
  var process: Process?
  /// Whether no process will start here again.
  var isGone = false

  /// A worker's process.
  struct Process: Sendable {
    /// The session.
    let worker: WorkerID
    /// When the process started.
    let startedAt: Int
    var machine: WorkerMachine
    /// The evaluations that run, with the token that the current one must show.
    var running: [ShardID: Int] = [:]
    /// When the evaluations that run began.
    var beganAt: [ShardID: Int] = [:]
    /// How far the process's clock has jumped ahead.
    var clockStep = 0
    /// When the process will be ended from outside, if ever.
    var endsAt: Int?
    /// Since when the process can work.
    var readyAt: Int?
    /// When the process wants to be woken, if at all.
    var wakesAt: Int?
    /// The harmless candidates whose evaluation has failed here.
    var failureCount = 0
    /// Whether evaluations never end.
    var isHanging = false
    /// When the process has or had its last connection to the coordinator.
    var linkedAt = 0
    /// Until when the process stands still.
    var frozenUntil = 0
  }

  /// Whether the worker can do its part, now or after a restart.
  var isSound: Bool {
    !isGone && !isDeviant && !isSick && !isRevoked && process?.isHanging != true
  }
}
