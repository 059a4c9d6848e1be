import SparsityCore
import WireProtocol

/// Decides which chunk of which file goes to which worker next.
///
/// Workers take turns, one chunk each. The chunks that are under way are bounded for each worker by
/// what it may ask for at once, and for all together, so that a thousand workers that start at once
/// fill no memory. A chunk is under way from when it is handed out until the worker's next request
/// does not name it any more. It does no input or output and reads no clock.
public struct InputDesk: Sendable {
  /// A chunk to be read and sent.
  public struct Order: Hashable, Sendable {
    /// The worker that wants it.
    public let worker: WorkerID
    /// The file.
    public let content: ContentHash
    /// The chunk's number.
    public let chunk: Int
  }

  /// The sizes that a desk never exceeds.
  public struct Bounds: Hashable, Sendable {
    /// The chunks under way to all workers together.
    public var underWayCountMax: Int
    /// The bytes a second that are handed out on average, or `nil` for no such bound.
    public var bytesPerSecondMax: Int?
    /// The silence after which a worker's request is forgotten.
    public var requestTimeout: Duration

    /// Creates bounds; by default 64 MiB are under way.
    public init(
      underWayCountMax: Int = 1_024, bytesPerSecondMax: Int? = nil,
      requestTimeout: Duration = .seconds(130)
    ) {
      precondition(underWayCountMax > 0)
      precondition(bytesPerSecondMax.map { $0 > 0 } ?? true)
      precondition(requestTimeout > .zero)
      self.underWayCountMax = underWayCountMax
      self.bytesPerSecondMax = bytesPerSecondMax
      self.requestTimeout = requestTimeout
    }
  }

  private struct Wish {
    var content: ContentHash
    var attempt: Int
    /// The chunks that are to be sent, the first one last.
    var pending: [Int]
    var underWay: Set<Int>
    var heardAt: Instant
    var isQueued: Bool
  }

  private let bounds: Bounds
  private var wishes: [WorkerID: Wish] = [:]
  private var queue: [WorkerID] = []
  private var queueStart = 0
  /// The chunks under way to all workers.
  public private(set) var underWayCount = 0
  /// When the next chunk may be handed out.
  private var freeAt = Instant.start

  /// Creates a desk without requests.
  public init(bounds: Bounds = Bounds()) {
    self.bounds = bounds
  }

  /// The workers that have asked for something and not said that they have it.
  public var workerCount: Int { wishes.count }

  /// Takes a worker's request, which replaces the one before.
  public mutating func take(_ request: FetchRequest, from worker: WorkerID, at now: Instant) {
    let former = wishes[worker]
    let isSame = former?.content == request.content
    if isSame, let former, request.attempt < former.attempt { return }
    guard !request.chunks.isEmpty else {
      remove(worker)
      return
    }
    let wanted = Set(request.chunks)
    var underWay: Set<Int> = []
    if isSame, let former, request.attempt == former.attempt {
      underWay = former.underWay.intersection(wanted)
    }
    underWayCount += underWay.count - (former?.underWay.count ?? 0)
    wishes[worker] = Wish(
      content: request.content, attempt: request.attempt,
      pending: wanted.subtracting(underWay).sorted(by: >), underWay: underWay, heardAt: now,
      isQueued: former?.isQueued ?? false)
    enqueue(worker)
  }

  /// Returns the chunk to be sent now, or `nil` if there is none or too much is under way.
  public mutating func next(at now: Instant) -> Order? {
    guard underWayCount < bounds.underWayCountMax, freeAt <= now else { return nil }
    while let worker = popQueue() {
      guard var wish = wishes[worker], let chunk = wish.pending.popLast() else { continue }
      wish.underWay.insert(chunk)
      wishes[worker] = wish
      underWayCount += 1
      enqueue(worker)
      if let rate = bounds.bytesPerSecondMax {
        freeAt = max(freeAt, now) + .seconds(1) * (Double(WireLimits.chunkSize) / Double(rate))
      }
      return Order(worker: worker, content: wish.content, chunk: chunk)
    }
    return nil
  }

  /// The time at which ``next(at:)`` may have another answer by time alone, or `nil`.
  public var nextDeadline: Instant? {
    guard bounds.bytesPerSecondMax != nil, underWayCount < bounds.underWayCountMax else {
      return nil
    }
    return queueStart < queue.count ? freeAt : nil
  }

  /// Forgets a worker's request: it is gone, or has been told that the file cannot be had.
  public mutating func remove(_ worker: WorkerID) {
    guard let wish = wishes.removeValue(forKey: worker) else { return }
    underWayCount -= wish.underWay.count
  }

  /// Forgets the requests of workers that are not `known` or have been silent for too long.
  ///
  /// - Complexity: O(*n*) for *n* workers.
  public mutating func prune(at now: Instant, isKnown: (WorkerID) -> Bool) {
    for (worker, wish) in wishes {
      if now - wish.heardAt >= bounds.requestTimeout || !isKnown(worker) { remove(worker) }
    }
  }

  private mutating func enqueue(_ worker: WorkerID) {
    guard let wish = wishes[worker], !wish.isQueued, !wish.pending.isEmpty else { return }
    // Entries of workers that have left stay behind; they are thrown out when they abound.
    if queue.count - queueStart > 2 * wishes.count + 256 {
      var kept: Set<WorkerID> = []
      queue = queue[queueStart...].filter {
        wishes[$0]?.isQueued == true && kept.insert($0).inserted
      }
      queueStart = 0
    }
    wishes[worker]?.isQueued = true
    queue.append(worker)
  }

  private mutating func popQueue() -> WorkerID? {
    while queueStart < queue.count {
      let worker = queue[queueStart]
      queueStart += 1
      if queueStart > 256, queueStart * 2 > queue.count {
        queue.removeFirst(queueStart)
        queueStart = 0
      }
      guard wishes[worker]?.isQueued == true else { continue }
      wishes[worker]?.isQueued = false
      return worker
    }
    queue.removeAll(keepingCapacity: true)
    queueStart = 0
    return nil
  }

  /// Traps unless counts and queue agree with the requests.
  ///
  /// - Complexity: O(*n*) for *n* workers.
  package func checkInvariants() {
    let queued = Set(queue[queueStart...])
    precondition(underWayCount == wishes.values.reduce(0) { $0 + $1.underWay.count })
    for (worker, wish) in wishes {
      precondition(wish.underWay.count + wish.pending.count <= WireLimits.fetchCountMax)
      precondition(wish.underWay.isDisjoint(with: wish.pending))
      precondition(wish.isQueued || wish.pending.isEmpty)
      precondition(!wish.isQueued || queued.contains(worker))
    }
  }
}
