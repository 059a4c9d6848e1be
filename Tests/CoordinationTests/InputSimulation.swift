import ContentHashing
import Coordination
import SparsityCore
import Testing
import WireProtocol

/// Workers that fetch one file from a coordinator over a bad network, until all of them have it.
///
/// Everything is drawn from the seed. For the first simulated minute messages are lost, repeated,
/// delayed and spoilt, workers are killed and started again as other sessions on the same file, and
/// the coordinator forgets what it was asked; afterwards the network is good.
struct InputSimulation {
  private enum Event {
    case toCoordinator([UInt8], WorkerID)
    case toWorker([UInt8], WorkerID)
    case tick(WorkerID)
    case killWorker(place: Int)
    case restartCoordinator
  }

  private struct Worker {
    var id: WorkerID
    var fetch: InputFetch
    var file: [UInt8] = []
    var isDone = false
    /// Chunks that must not be asked for: they were on the disk.
    var floor = 0
  }

  private let file: [UInt8]
  private let content: ContentHash
  private let faultsEnd = 60_000
  private let lossPercent: Int
  private let spoilPercent: Int
  private let delayMax: Int
  private let settings: InputFetch.Settings
  private let bounds: InputScheduler.Bounds

  private var generator: SeededGenerator
  private var now = 0
  private var sequence = 0
  private var queue: [(due: Int, sequence: Int, event: Event)] = []
  private var scheduler: InputScheduler
  private var workers: [Worker] = []
  private var nextID: UInt64 = 1
  private var chunksSent = 0

  init(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var bytes: [UInt8] = []
    for chunk in 0..<generator.index(below: 10) {
      bytes += [UInt8](repeating: UInt8(chunk), count: WireLimits.chunkSize)
    }
    bytes += [UInt8](repeating: 77, count: generator.index(below: 1000))
    content = ContentHash(of: bytes.span)
    file = bytes
    lossPercent = generator.index(below: 40)
    spoilPercent = generator.index(below: 3)
    delayMax = 1 + generator.index(below: 400)
    settings = InputFetch.Settings(
      windowCount: 1 + generator.index(below: 8), resendInterval: .milliseconds(700),
      resendIntervalMax: .seconds(5), fetchCountMax: 1_000)
    bounds = InputScheduler.Bounds(
      underWayCountMax: 1 + generator.index(below: 12), requestTimeout: .seconds(11))
    scheduler = InputScheduler(bounds: bounds)
    self.generator = generator
  }

  private var isFaulty: Bool { now < faultsEnd }
  private var instant: Instant { .start + .milliseconds(now) }

  mutating func run() throws {
    for place in 0..<3 { startWorker(place) }
    for _ in 0..<generator.index(below: 8) {
      add(.killWorker(place: generator.index(below: 3)), in: generator.index(below: faultsEnd))
    }
    for _ in 0..<generator.index(below: 4) {
      add(.restartCoordinator, in: generator.index(below: faultsEnd))
    }
    while workers.contains(where: { !$0.isDone }) {
      guard
        let index = queue.indices.min(by: {
          (queue[$0].due, queue[$0].sequence) < (queue[$1].due, queue[$1].sequence)
        })
      else {
        Issue.record("nobody has anything to do, and a file is missing")
        return
      }
      let entry = queue.remove(at: index)
      now = max(now, entry.due)
      try #require(now < faultsEnd + 120_000, "a file has not arrived two minutes after all faults")
      try perform(entry.event)
      try serve()
    }
    for worker in workers { #expect(worker.file == file) }
  }

  private mutating func add(_ event: Event, in delay: Int) {
    queue.append((now + delay, sequence, event))
    sequence += 1
  }

  private mutating func startWorker(_ place: Int) {
    var stored: [UInt8] = []
    if workers.indices.contains(place) {
      stored = workers[place].file
      // A crash of the machine may leave less than was written, or a torn end.
      if generator.index(below: 3) == 0 { stored.removeLast(min(stored.count, 1_000)) }
    }
    let fetch = InputFetch(
      content: content, size: file.count, storedSize: stored.count, settings: settings)
    stored = Array(stored.prefix(fetch.storedSize))
    let worker = Worker(
      id: WorkerID(nextID), fetch: fetch, file: stored, floor: fetch.storedChunkCount)
    nextID += 1
    if workers.indices.contains(place) { workers[place] = worker } else { workers.append(worker) }
    apply(.started, to: place)
  }

  private mutating func perform(_ event: Event) throws {
    switch event {
    case .toCoordinator(let frame, let id):
      guard case .inputs(.fetch(let request)) = try Envelope(decoding: frame).message else {
        Issue.record("a worker asks for files alone")
        return
      }
      scheduler.take(request, from: id, at: instant)
    case .toWorker(let frame, let id):
      guard let place = workers.firstIndex(where: { $0.id == id }) else { return }
      guard case .inputs(let message) = try Envelope(decoding: frame).message else { return }
      apply(.received(message), to: place)
    case .tick(let id):
      guard let place = workers.firstIndex(where: { $0.id == id }) else { return }
      apply(.ticked, to: place)
    case .killWorker(let place):
      if !workers[place].isDone { startWorker(place) }
    case .restartCoordinator: scheduler = InputScheduler(bounds: bounds)
    }
  }

  /// Sends all that the scheduler hands out; a scheduler without room looks for workers that are
  /// gone.
  private mutating func serve() throws {
    let ids = Set(workers.map(\.id))
    scheduler.prune(at: instant) { ids.contains($0) }
    while let order = scheduler.next(at: instant) {
      scheduler.checkInvariants()
      #expect(scheduler.underWayCount <= bounds.underWayCountMax)
      let start = order.chunk * WireLimits.chunkSize
      var bytes = Array(file[start..<min(start + WireLimits.chunkSize, file.count)])
      if isFaulty, generator.index(below: 100) < spoilPercent {
        bytes[generator.index(below: bytes.count)] ^= 1
      }
      chunksSent += 1
      let message = InputMessage.chunk(
        InputChunk(content: order.content, chunk: order.chunk, bytes: bytes))
      let frame = envelope(message)
      for delay in delays() { add(.toWorker(frame, order.worker), in: delay) }
    }
  }

  private mutating func apply(_ event: InputFetch.Event, to place: Int) {
    var events = [event]
    let id = workers[place].id
    while !events.isEmpty {
      for effect in workers[place].fetch.apply(events.removeFirst(), at: instant) {
        switch effect {
        case .send(let request):
          #expect(request.chunks.allSatisfy { $0 >= workers[place].floor })
          let frame = envelope(.fetch(request))
          for delay in delays() { add(.toCoordinator(frame, id), in: delay) }
        case .append(let bytes):
          workers[place].file += bytes
          #expect(workers[place].file.count <= file.count)
        case .verify:
          let stored = workers[place].file
          let hash = ContentHash(of: stored.span)
          events.append(.verified(hash))
        case .discard:
          workers[place].file = []
          workers[place].floor = 0
        case .finish: workers[place].isDone = true
        case .fail(let failure): Issue.record("\(failure)")
        }
      }
    }
    guard let due = workers[place].fetch.nextDeadline else { return }
    let milliseconds = Int((due - .start) / .milliseconds(1)) + 1
    add(.tick(id), in: max(1, milliseconds - now))
  }

  private func envelope(_ message: InputMessage) -> [UInt8] {
    Envelope(run: RunID(1), term: Term(1), sequence: 0, message: .inputs(message)).encoded()
  }

  /// The times after which copies of a message arrive; none if it is lost.
  private mutating func delays() -> [Int] {
    guard isFaulty else { return [1] }
    if generator.index(below: 100) < lossPercent { return [] }
    let copies = generator.index(below: 10) == 0 ? 2 : 1
    return (0..<copies).map { _ in 1 + generator.index(below: delayMax) }
  }
}
