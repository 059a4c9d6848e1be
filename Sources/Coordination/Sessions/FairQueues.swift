import WireProtocol

/// Queues of workers, one for each key, that are served in turns: a key with many workers gets no
/// more turns than one with few.
///
/// Each key has a number, so that nothing is looked up by a name where workers come and go.
package struct FairQueues: Sendable {
  private var indices: [String?: Int] = [:]
  private var queues: [Turns<WorkerID>] = []
  /// The queues that have a turn, in order: those with entries.
  private var turns = Turns<Int>()
  private var hasTurn: [Bool] = []

  /// Creates no queues.
  package init() {}

  /// The number of the queue of a key, or of those without one.
  package mutating func index(of key: String?) -> Int {
    if let index = indices[key] { return index }
    indices[key] = queues.count
    queues.append(Turns())
    hasTurn.append(false)
    return queues.count - 1
  }

  /// The entries of a queue.
  package func count(of queue: Int) -> Int { queues[queue].count }

  /// The workers in all queues.
  package var workers: Set<WorkerID> { Set(queues.flatMap(\.elements)) }

  /// Adds a worker at the end of a queue, which gets a turn unless it has one.
  package mutating func append(_ worker: WorkerID, to queue: Int) {
    if !hasTurn[queue] { addTurn(of: queue) }
    queues[queue].append(worker)
  }

  /// Removes and returns the queue whose turn it is.
  package mutating func popTurn() -> Int? {
    guard let queue = turns.popFirst() else { return nil }
    hasTurn[queue] = false
    return queue
  }

  /// Gives a queue another turn, after all others.
  ///
  /// - Precondition: it has none.
  package mutating func addTurn(of queue: Int) {
    precondition(!hasTurn[queue])
    hasTurn[queue] = true
    turns.append(queue)
  }

  /// Removes and returns the first worker of a queue.
  package mutating func popFirst(of queue: Int) -> WorkerID? { queues[queue].popFirst() }

  /// Keeps the first of equal entries of a queue, and of those the ones that `isKept`.
  ///
  /// - Complexity: O(*n*).
  package mutating func compact(_ queue: Int, _ isKept: (WorkerID) -> Bool) {
    queues[queue].compact(isKept)
  }

  /// Traps unless each queue with entries has one turn.
  package func checkInvariants() {
    precondition(Set(turns.elements).count == turns.count)
    for queue in queues.indices {
      precondition(hasTurn[queue] == turns.elements.contains(queue))
      precondition(hasTurn[queue] || queues[queue].isEmpty)
    }
  }
}
