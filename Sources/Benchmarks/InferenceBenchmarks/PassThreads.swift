import Dispatch
import Foundation
import LinearAlgebra
import Synchronization
import VisionTransformers

/// Threads with a forward pass each, which some or all of them repeat at the same time.
final class PassThreads: Sendable {
  /// What the threads shall do.
  private struct Work: Sendable {
    let layers: [LayerWeights]
    let runs: Int
  }

  /// What the threads share; they keep it alive, not the object that owns them.
  private final class Shared: Sendable {
    /// The work after the next wake-up, or `nil` to end.
    let work = Mutex<Work?>(nil)
    /// The CPU time that each thread took for its part.
    let threadSeconds: Mutex<[Double]>
    let wake: [DispatchSemaphore]
    let done = DispatchSemaphore(value: 0)

    init(count: Int) {
      threadSeconds = Mutex(Array(repeating: 0, count: count))
      wake = (0..<count).map { _ in DispatchSemaphore(value: 0) }
    }
  }

  /// What threads took and what they could have, added up for a number of threads.
  private struct Usage {
    var threadSeconds = 0.0
    var passedSeconds = 0.0
  }

  private let shared: Shared
  private let usages = Mutex<[Int: Usage]>([:])

  /// Starts `count` threads; each makes a pass and runs it on `pixels`, the images of one batch.
  init(
    count: Int, pixels: [UInt8], batch: Int,
    makePass: @escaping @Sendable () -> any ForwardPass & ~Copyable
  ) {
    precondition(count > 0)
    let shared = Shared(count: count)
    self.shared = shared
    for index in 0..<count {
      let thread = Thread {
        limitThreadsToCaller()
        var pass = makePass()
        var logits = [Float](repeating: 0, count: batch * pass.network.classes)
        while true {
          shared.wake[index].wait()
          guard let work = shared.work.withLock({ $0 }) else { return }
          let start = BenchmarkClock.threadTime.seconds
          for _ in 0..<work.runs {
            var target = logits.mutableSpan
            pass.logits(pixels: pixels.span, count: batch, layers: work.layers, into: &target)
          }
          let seconds = BenchmarkClock.threadTime.seconds - start
          shared.threadSeconds.withLock { $0[index] = seconds }
          shared.done.signal()
        }
      }
      thread.name = "elsa-benchmark-\(index)"
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  deinit {
    shared.work.withLock { $0 = nil }
    for semaphore in shared.wake { semaphore.signal() }
  }

  /// Lets the first `count` threads run `runs` passes each, and returns the seconds that it took:
  /// CPU time for one thread, else what passed until the last was done.
  func seconds(of runs: Int, threads count: Int, layers: [LayerWeights]) -> Double {
    precondition(shared.wake.indices.contains(count - 1))
    shared.work.withLock { $0 = Work(layers: layers, runs: runs) }
    let passed = BenchmarkClock.wallTime.seconds(of: {
      for semaphore in shared.wake.prefix(count) { semaphore.signal() }
      for _ in 0..<count { shared.done.wait() }
    })
    let taken = shared.threadSeconds.withLock { Array($0.prefix(count)) }
    usages.withLock {
      $0[count, default: Usage()].threadSeconds += taken.reduce(0, +)
      $0[count, default: Usage()].passedSeconds += passed
    }
    return count == 1 ? taken[0] : passed
  }

  /// Returns the share of the cores' time that `count` threads got in all their runs, in 0…1.
  ///
  /// - Precondition: that many threads have run.
  func coreShare(threads count: Int) -> Double {
    guard let usage = usages.withLock({ $0[count] }) else {
      preconditionFailure("\(count) threads have not run")
    }
    return usage.threadSeconds / (usage.passedSeconds * Double(count))
  }
}
