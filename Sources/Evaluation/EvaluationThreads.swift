import Dispatch
import Foundation
import LinearAlgebra
import Synchronization
import VisionTransformers

/// Threads that live as long as an evaluator, each with a forward pass of its own.
///
/// A job is run by all threads at once; they share its batches among themselves.
final class EvaluationThreads: Sendable {
  /// What the threads share; they keep it alive, not the object that owns them.
  private final class Shared: Sendable {
    /// The job to run after the next wake-up, or `nil` to end.
    let job = Mutex<EvaluationJob?>(nil)
    /// Is signalled once for each thread that shall look at the job.
    let wake: [DispatchSemaphore]
    /// Is signalled by each thread that has done its part.
    let done = DispatchSemaphore(value: 0)

    init(count: Int) {
      wake = (0..<count).map { _ in DispatchSemaphore(value: 0) }
    }
  }

  private let shared: Shared
  /// Lets one job run at a time.
  private let turn = DispatchSemaphore(value: 1)

  /// Starts `count` threads; `makePass` is called by each.
  init(count: Int, makePass: @escaping @Sendable () -> ForwardPass) {
    precondition(count > 0)
    let shared = Shared(count: count)
    self.shared = shared
    for index in 0..<count {
      let thread = Thread {
        limitThreadsToCaller()
        var pass = makePass()
        while true {
          shared.wake[index].wait()
          guard let job = shared.job.withLock({ $0 }) else { return }
          job.runBatches(with: &pass)
          shared.done.signal()
        }
      }
      thread.name = "elsa-evaluate-\(index)"
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  deinit {
    shared.job.withLock { $0 = nil }
    for semaphore in shared.wake { semaphore.signal() }
  }

  /// Runs a job on all threads and returns when every thread has done its part.
  func run(_ job: EvaluationJob) {
    turn.wait()
    defer { turn.signal() }
    shared.job.withLock { $0 = job }
    for semaphore in shared.wake { semaphore.signal() }
    for _ in shared.wake { shared.done.wait() }
    shared.job.withLock { $0 = nil }
  }
}
