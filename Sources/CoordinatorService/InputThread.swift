import ContentHashing
import Coordination
import Foundation
import Synchronization
import SparsityCore
import WireProtocol
import ZeroMQ

/// Reads the run's files for workers on a thread of its own, so that neither a slow disk nor many
/// workers that start at once delay leases and results.
///
/// What goes to whom next is the ``InputScheduler``'s business. At most ``readyCountMax`` answers
/// wait for the coordinator's loop, which takes a few of them in each turn.
final class InputThread: Sendable {
  /// An answer to a worker.
  typealias Answer = (message: InputMessage, worker: WorkerID)

  /// The answers that wait for the coordinator's loop.
  private static let readyCountMax = 64

  private struct State {
    var scheduler: InputScheduler
    /// The workers that wait for the inventory.
    var listeners: [WorkerID] = []
    var answers: [Answer] = []
    var isFinished = false
  }

  /// What the thread does next.
  private enum Job {
    case list([WorkerID])
    case read(InputScheduler.Order)
    case wait(Duration?)
    case end
  }

  private let files: [(file: OpenInput, content: ContentHash?)]
  private let wakeUp: WakeUp
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private let state: Mutex<State>
  private let work = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)

  /// Opens the files and starts the thread; `wakeUp` is signalled when an answer is ready.
  init(
    serving inputs: [ServedInput], bounds: InputScheduler.Bounds, wakeUp: WakeUp
  ) throws(CoordinatorServiceError) {
    var files: [(file: OpenInput, content: ContentHash?)] = []
    for input in inputs { files.append((try OpenInput(input), input.content)) }
    self.files = files
    self.wakeUp = wakeUp
    start = clock.now
    state = Mutex(State(scheduler: InputScheduler(bounds: bounds)))
    let thread = Thread { [self] in run() }
    thread.name = "inputs"
    thread.start()
  }

  private var now: Instant { Instant(sinceStart: clock.now - start) }

  // MARK: The coordinator's thread

  /// Takes a worker's question.
  ///
  /// - Parameter key: the key that has opened the worker's session.
  func take(_ message: InputMessage, from worker: WorkerID, key: String?) {
    let now = now
    state.withLock { state in
      switch message {
      case .list: if !state.listeners.contains(worker) { state.listeners.append(worker) }
      case .fetch(let request): state.scheduler.take(request, from: worker, key: key, at: now)
      case .inventory, .chunk, .unavailable:
        preconditionFailure("the coordinator passes on questions alone")
      }
    }
    work.signal()
  }

  /// Returns at most `countMax` answers that are ready, and whether there are more.
  func takeAnswers(countMax: Int) -> (answers: [Answer], hasMore: Bool) {
    let taken = state.withLock { state -> (answers: [Answer], hasMore: Bool) in
      let count = min(countMax, state.answers.count)
      defer { state.answers.removeFirst(count) }
      return (Array(state.answers.prefix(count)), state.answers.count > count)
    }
    if !taken.answers.isEmpty { work.signal() }
    return taken
  }

  /// Forgets the questions of workers that are gone.
  func prune(isKnown: (WorkerID) -> Bool) {
    let now = now
    state.withLock { state in
      state.scheduler.prune(at: now, isKnown: isKnown)
      state.listeners.removeAll { !isKnown($0) }
    }
    work.signal()
  }

  /// Ends the thread and waits for it; once is enough.
  func finish() {
    let isFirst = state.withLock { state in
      defer { state.isFinished = true }
      return !state.isFinished
    }
    guard isFirst else { return }
    work.signal()
    ended.wait()
  }

  // MARK: This thread

  private func run() {
    var contents: [ContentHash: OpenInput] = [:]
    var inventory: Inventory?
    loop: while true {
      switch nextJob() {
      case .list(let workers):
        if inventory == nil { (inventory, contents) = takeStock() }
        guard let inventory else { preconditionFailure("stock was taken") }
        answer(workers.map { (.inventory(inventory), $0) })
      case .read(let order):
        if inventory == nil { (inventory, contents) = takeStock() }
        answer([(read(order, from: contents), order.worker)])
      case .wait(let time):
        if let time { _ = work.wait(timeout: .now() + time.inSeconds) } else { work.wait() }
      case .end: break loop
      }
    }
    ended.signal()
  }

  private func nextJob() -> Job {
    let now = now
    return state.withLock { state in
      if state.isFinished { return .end }
      guard state.answers.count < Self.readyCountMax else { return .wait(nil) }
      if !state.listeners.isEmpty {
        defer { state.listeners = [] }
        return .list(state.listeners)
      }
      if let order = state.scheduler.next(at: now) { return .read(order) }
      return .wait(state.scheduler.nextDeadline.map { max(.zero, $0 - now) })
    }
  }

  private func answer(_ answers: [Answer]) {
    state.withLock { state in
      state.answers += answers
      for case (.unavailable, let worker) in answers { state.scheduler.remove(worker) }
    }
    wakeUp.signal()
  }

  /// Hashes the files whose content is not known; one that cannot be read is left out.
  private func takeStock() -> (Inventory, [ContentHash: OpenInput]) {
    var entries: [Inventory.Entry] = []
    var contents: [ContentHash: OpenInput] = [:]
    for (file, known) in files {
      guard let content = known ?? hash(file) else { continue }
      entries.append(Inventory.Entry(role: file.role, content: content, size: file.size))
      contents[content] = file
    }
    return (Inventory(entries: entries), contents)
  }

  private func hash(_ file: OpenInput) -> ContentHash? {
    var hasher = ContentHasher()
    for offset in stride(from: 0, to: file.size, by: WireLimits.chunkSize) {
      let count = min(WireLimits.chunkSize, file.size - offset)
      guard case .success(let bytes) = file.read(count: count, at: offset) else { return nil }
      hasher.update(bytes.span)
    }
    return hasher.finalized()
  }

  private func read(
    _ order: InputScheduler.Order, from contents: [ContentHash: OpenInput]
  ) -> InputMessage {
    func unavailable(_ diagnostic: String) -> InputMessage {
      .unavailable(Unavailability(content: order.content, diagnostic: diagnostic))
    }
    guard let file = contents[order.content] else {
      return unavailable("the content \(order.content.abbreviated) is none of this run's inputs")
    }
    let offset = order.chunk * WireLimits.chunkSize
    guard offset < file.size else {
      return unavailable("the \(file.role) has no chunk \(order.chunk)")
    }
    let count = min(WireLimits.chunkSize, file.size - offset)
    switch file.read(count: count, at: offset) {
    case .success(let bytes):
      return .chunk(InputChunk(content: order.content, chunk: order.chunk, bytes: bytes))
    case .failure(let failure): return unavailable(failure.diagnostic)
    }
  }
}

extension Duration {
  /// The duration in seconds.
  fileprivate var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
