import Dispatch
import Synchronization

/// Returns the results of `transform` for 0 ..< `count` in this order, computed by several threads.
///
/// - Parameter finished: Told the number of finished transforms, from one thread at a time.
func parallelMap<Value: Sendable>(
  count: Int, threads: Int, finished: @Sendable (Int) -> Void = { _ in },
  transform: @Sendable (Int) -> Value
) -> [Value] {
  precondition(count >= 0)
  precondition(threads > 0)
  let next = Atomic(0)
  let results = Mutex<(values: [Value?], finished: Int)>((Array(repeating: nil, count: count), 0))
  DispatchQueue.concurrentPerform(iterations: min(threads, max(count, 1))) { _ in
    while true {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard index < count else { return }
      let value = transform(index)
      results.withLock { results in
        results.values[index] = value
        results.finished += 1
        finished(results.finished)
      }
    }
  }
  return results.withLock { results in
    results.values.map { value in
      guard let value else { preconditionFailure("a transform did not run") }
      return value
    }
  }
}
