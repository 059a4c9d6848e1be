import Foundation

/// A condition did not come to hold within its bound.
package struct BoundPassed: Error {
  let what: String
}

/// Waits until a condition holds, or throws what did not come to be.
///
/// The bound only ends a broken test; no outcome depends on how long the condition takes.
package func waitUntil(
  _ what: String, atMost bound: Duration = .seconds(120), _ condition: () throws -> Bool
) throws {
  guard try wait(atMost: bound, until: condition) else { throw BoundPassed(what: what) }
}

/// Waits until a condition holds, at most `bound`; returns whether it does.
package func wait(
  atMost bound: Duration = .seconds(20), until condition: () throws -> Bool
) rethrows -> Bool {
  let deadline = ContinuousClock.now + bound
  while try !condition() {
    if ContinuousClock.now >= deadline { return false }
    usleep(2_000)
  }
  return true
}
