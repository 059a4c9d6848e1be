/// What users and programs see of long work: of a run that is prepared, or looked at.
package struct WorkObserver: Sendable {
  /// Something that users should know.
  package var notified: @Sendable (String) -> Void = { _ in }
  /// A part of the work begins; where it may take long, in a sentence for those who see no steps.
  package var began: @Sendable (String?) -> Void = { _ in }
  /// Steps of the part that has begun are done; several threads call it, one at a time.
  package var progressed: @Sendable (_ done: Int, _ total: Int, _ unit: String) -> Void = {
    _, _, _ in
  }
  /// The part that has begun is over, done or not.
  package var ended: @Sendable () -> Void = {}

  /// Creates an observer that does nothing.
  package init() {}

  /// Does a part of the work, which tells its steps to what it is given.
  package func observing<Result>(
    _ work: String? = nil, unit: String,
    _ body: (_ progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void) throws -> Result
  ) rethrows -> Result {
    began(work)
    defer { ended() }
    return try body { progressed($0, $1, unit) }
  }
}
