import Coordination
import Foundation
import Logging
import SparsityCore
import Synchronization
import ZeroMQ

/// Keeps what connections hold of this process's memory and descriptors within bounds.
///
/// The coordinator's thread tells what happens; a thread of the guard's own looks at the process's
/// memory, so that a flood is noticed within milliseconds whatever the coordinator does meanwhile.
/// What has to end is the ``ConnectionTable``'s business.
final class ConnectionGuard: Sendable {
  /// The time between two looks at the process's memory.
  private static let memoryInterval = Duration.milliseconds(20)
  /// The growth after which connections are looked at at once.
  private static let growthBytesMax = 8 << 20
  /// The time between two looks at the connections without growth.
  private static let lookInterval = Duration.seconds(1)
  /// From the end of a flood to the return of its memory to the system.
  private static let trimDelay = Duration.milliseconds(200)

  private struct State {
    var table: ConnectionTable
    var endings: [ConnectionTable.Ending] = []
    var isFinished = false
  }

  private let state: Mutex<State>
  private let wakeUp: WakeUp
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private let work = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)

  /// Starts the thread; `wakeUp` is signalled when it has ended a connection.
  init(bounds: ConnectionTable.Bounds, wakeUp: WakeUp) {
    state = Mutex(State(table: ConnectionTable(bounds: bounds)))
    self.wakeUp = wakeUp
    start = clock.now
    let thread = Thread { [self] in run() }
    thread.name = "connections"
    thread.start()
  }

  private var now: Instant { Instant(sinceStart: clock.now - start) }

  // MARK: The coordinator's thread

  /// Tells the table what has happened.
  func tell<Answer: Sendable>(
    _ body: (inout ConnectionTable, _ now: Instant) -> Answer
  ) -> Answer {
    let now = now
    return state.withLock { body(&$0.table, now) }
  }

  /// A connection was accepted.
  func opened(_ descriptor: Int32) {
    let connection = Connection(descriptor: descriptor)
    tell { $0.open(connection, at: $1) }
  }

  /// Ends what has to end by now, and returns that with what was ended since the last call.
  func takeEndings() -> [ConnectionTable.Ending] {
    let now = now
    return state.withLock { state in
      let due = state.table.takeEndings(at: now)
      for ending in due { ending.connection.shutDown() }
      defer { state.endings.removeAll() }
      return state.endings + due
    }
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
    var memory = ProcessMemory()
    var lookedAt = Instant.start
    var knownBytes = memory.residentBytes()
    var trimDeadline: Instant?
    while !state.withLock({ $0.isFinished }) {
      _ = work.wait(timeout: .now() + 0.001 * Double(Self.memoryInterval / .milliseconds(1)))
      let now = now
      let bytes = memory.residentBytes()
      if bytes > knownBytes + Self.growthBytesMax || lookedAt + Self.lookInterval <= now {
        lookedAt = now
        knownBytes = bytes
        if endFloods() { trimDeadline = now + Self.trimDelay }
      }
      if let deadline = trimDeadline, deadline <= now {
        trimDeadline = nil
        Connection.returnFreedMemory()
        knownBytes = memory.residentBytes()
      }
    }
    ended.signal()
  }

  /// Ends the connections that hold too much; returns whether there were any.
  private func endFloods() -> Bool {
    let hasEnded = state.withLock { state in
      let endings = state.table.look(\.traffic)
      for ending in endings { ending.connection.shutDown() }
      state.endings += endings
      return !endings.isEmpty
    }
    if hasEnded { wakeUp.signal() }
    return hasEnded
  }
}

/// The memory of this process that is in use, read from a file that stays open.
struct ProcessMemory: ~Copyable {
  private let descriptor: Int32
  private let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

  /// Opens the file.
  init() {
    descriptor = unsafe open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Returns the bytes, or zero if they cannot be read: then time alone makes the guard look.
  mutating func residentBytes() -> Int {
    var text = [UInt8](repeating: 0, count: 128)
    let count = unsafe pread(descriptor, &text, text.count, 0)
    guard count > 0 else { return 0 }
    let fields = String(decoding: text.prefix(count), as: UTF8.self).split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * pageSize : 0
  }
}
