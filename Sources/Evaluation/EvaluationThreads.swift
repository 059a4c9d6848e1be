import Dispatch
import Foundation
import LinearAlgebra
import Synchronization
import VisionTransformers

/// Groups of threads of which each runs one job at a time.
final class EvaluationSlots: Sendable {
  private let free: Mutex<[EvaluationThreads]>
  private let turn: DispatchSemaphore

  /// Starts `threads` threads in `count` groups of equal size, or nearly so.
  init(count: Int, threads: Int, makePass: @escaping @Sendable () -> any ForwardPass & ~Copyable) {
    precondition(count > 0)
    precondition(threads >= count)
    let groups = (0..<count).map { index in
      EvaluationThreads(
        count: threads / count + (index < threads % count ? 1 : 0), makePass: makePass)
    }
    free = Mutex(groups.reversed())
    turn = DispatchSemaphore(value: count)
  }

  /// Runs a job on a group that is free, or waits for one, and returns when it is done.
  func run(_ job: EvaluationJob) {
    turn.wait()
    guard let threads = free.withLock({ $0.popLast() }) else {
      preconditionFailure("the turn of a job comes when a group is free")
    }
    threads.run(job)
    free.withLock { $0.append(threads) }
    turn.signal()
  }
}

/// Threads that live as long as an evaluator, each with a forward pass of its own.
///
/// A job is run by all threads at once; they share its batches among themselves. The caller sees to
/// it that only one job runs at a time.
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

  /// Starts `count` threads; `makePass` is called by each.
  init(count: Int, makePass: @escaping @Sendable () -> any ForwardPass & ~Copyable) {
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
    shared.job.withLock { $0 = job }
    for semaphore in shared.wake { semaphore.signal() }
    for _ in shared.wake { shared.done.wait() }
    shared.job.withLock { $0 = nil }
  }
}
