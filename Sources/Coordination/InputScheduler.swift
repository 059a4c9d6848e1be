import SparsityCore
import WireProtocol

/// Decides which chunk of which file goes to which worker next.
///
/// Keys take turns, and so do the workers of a key, one chunk each. The chunks that are under way
/// are bounded for each worker by what it may ask for at once, for each key, and for all together,
/// so that a thousand workers that start at once fill no memory, and sessions that never confirm
/// anything starve only each other. A chunk is under way from when it is handed out until the
/// worker's next request does not name it any more, or for so long. It does no input or output and
/// reads no clock.
package struct InputScheduler: Sendable {
  /// A chunk to be read and sent.
  package struct Order: Hashable, Sendable {
    /// The worker that wants it.
    package let worker: WorkerID
    /// The file.
    package let content: ContentHash
    /// The chunk's number.
    package let chunk: Int
  }

  /// The sizes that a scheduler never exceeds.
  package struct Bounds: Hashable, Sendable {
    /// The chunks under way to all workers together.
    package var underWayCountMax: Int
    /// The chunks under way to the workers of one key.
    package var underWayCountMaxOfKey: Int
    /// How long a chunk counts as under way: it has arrived by then, or never will.
    package var chunkTimeout: Duration
    /// The bytes a second that are handed out on average, or `nil` for no such bound.
    package var bytesPerSecondMax: Int?
    /// The silence after which a worker's request is forgotten.
    package var requestTimeout: Duration

    /// Creates bounds; by default 64 MiB are under way, a quarter of it to the workers of a key.
    package init(
      underWayCountMax: Int = 1_024, bytesPerSecondMax: Int? = nil,
      requestTimeout: Duration = .seconds(130), chunkTimeout: Duration = .seconds(30)
    ) {
      precondition(chunkTimeout > .zero)
      precondition(underWayCountMax > 0)
      precondition(bytesPerSecondMax.map { $0 > 0 } ?? true)
      precondition(requestTimeout > .zero)
      self.underWayCountMax = underWayCountMax
      underWayCountMaxOfKey = min(underWayCountMax, max(64, underWayCountMax / 4))
      self.chunkTimeout = chunkTimeout
      self.bytesPerSecondMax = bytesPerSecondMax
      self.requestTimeout = requestTimeout
    }
  }

  private struct Wish {
    let key: String?
    var content: ContentHash
    var attempt: Int
    /// The chunks that are to be sent, the first one last.
    var pending: [Int]
    /// The chunks that were handed out, and when.
    var underWay: [Int: Instant]
    var heardAt: Instant
    var isQueued: Bool
  }

  /// What the workers of a key have and wait for.
  private struct Share {
    var queue = Turns<WorkerID>()
    var wishCount = 0
    var underWayCount = 0
    var isQueued = false
  }

  private let bounds: Bounds
  private var wishes: [WorkerID: Wish] = [:]
  private var shares: [String?: Share] = [:]
  /// The keys whose workers wait for something, in the order of their turns.
  private var turns = Turns<String?>()
  /// The chunks under way to all workers.
  package private(set) var underWayCount = 0
  /// When the next chunk may be handed out.
  private var freeAt = Instant.start

  /// Creates a scheduler without requests.
  package init(bounds: Bounds = Bounds()) {
    self.bounds = bounds
  }

  /// The workers that have asked for something and not said that they have it.
  package var workerCount: Int { wishes.count }

  /// Takes a worker's request, which replaces the one before.
  ///
  /// - Parameter key: the key that the worker has shown, or `nil` without encryption.
  package mutating func take(
    _ request: FetchRequest, from worker: WorkerID, key: String? = nil, at now: Instant
  ) {
    if let former = wishes[worker], former.key != key { remove(worker) }
    let former = wishes[worker]
    let isSame = former?.content == request.content
    if isSame, let former, request.attempt < former.attempt { return }
    guard !request.chunks.isEmpty else {
      remove(worker)
      return
    }
    let wanted = Set(request.chunks)
    var underWay: [Int: Instant] = [:]
    if isSame, let former, request.attempt == former.attempt {
      underWay = former.underWay.filter { wanted.contains($0.key) }
    }
    if former == nil { shares[key, default: Share()].wishCount += 1 }
    count(underWay.count - (former?.underWay.count ?? 0), of: key)
    wishes[worker] = Wish(
      key: key, content: request.content, attempt: request.attempt,
      pending: wanted.subtracting(underWay.keys).sorted(by: >), underWay: underWay, heardAt: now,
      isQueued: former?.isQueued ?? false)
    enqueue(worker)
  }

  /// Returns the chunk to be sent now, or `nil` if there is none or too much is under way.
  package mutating func next(at now: Instant) -> Order? {
    guard underWayCount < bounds.underWayCountMax, freeAt <= now else { return nil }
    for _ in 0..<turns.count {
      guard let key = turns.popFirst(), let share = shares[key] else { continue }
      guard share.underWayCount < bounds.underWayCountMaxOfKey else {
        turns.append(key)
        continue
      }
      guard let order = popOrder(of: key) else {
        shares[key]?.isQueued = false
        forgetShare(of: key)
        continue
      }
      wishes[order.worker]?.underWay[order.chunk] = now
      count(1, of: key)
      turns.append(key)
      enqueue(order.worker)
      if let rate = bounds.bytesPerSecondMax {
        freeAt = max(freeAt, now) + .seconds(1) * (Double(WireLimits.chunkSize) / Double(rate))
      }
      return order
    }
    return nil
  }

  /// The time at which ``next(at:)`` may have another answer by time alone, or `nil`.
  package var nextDeadline: Instant? {
    guard bounds.bytesPerSecondMax != nil, underWayCount < bounds.underWayCountMax else {
      return nil
    }
    return turns.isEmpty ? nil : freeAt
  }

  /// Forgets a worker's request: it is gone, or has been told that the file cannot be had.
  package mutating func remove(_ worker: WorkerID) {
    guard let wish = wishes.removeValue(forKey: worker) else { return }
    count(-wish.underWay.count, of: wish.key)
    shares[wish.key]?.wishCount -= 1
    forgetShare(of: wish.key)
  }

  /// Forgets the requests of workers that are not `known` or have been silent for too long, and
  /// counts no chunk any more that was handed out too long ago.
  ///
  /// - Complexity: O(*n*) for *n* workers.
  package mutating func prune(at now: Instant, isKnown: (WorkerID) -> Bool) {
    for (worker, wish) in wishes {
      guard now - wish.heardAt < bounds.requestTimeout, isKnown(worker) else {
        remove(worker)
        continue
      }
      let fresh = wish.underWay.filter { now - $0.value < bounds.chunkTimeout }
      guard fresh.count < wish.underWay.count else { continue }
      count(fresh.count - wish.underWay.count, of: wish.key)
      wishes[worker]?.underWay = fresh
    }
  }

  private mutating func enqueue(_ worker: WorkerID) {
    guard let wish = wishes[worker], !wish.isQueued, !wish.pending.isEmpty else { return }
    let key = wish.key
    // Entries of workers that have left stay behind; they are thrown out when they abound.
    if let share = shares[key], share.queue.count > 2 * share.wishCount + 256 {
      let wishes = wishes
      shares[key]?.queue.compact { wishes[$0]?.isQueued == true && wishes[$0]?.key == key }
    }
    wishes[worker]?.isQueued = true
    // In place: the queue of a key may be long.
    shares[key, default: Share()].queue.append(worker)
    guard shares[key]?.isQueued == false else { return }
    shares[key]?.isQueued = true
    turns.append(key)
  }

  /// Takes the next chunk of a key's workers off their queue, if one of them waits for any.
  private mutating func popOrder(of key: String?) -> Order? {
    while let worker = shares[key]?.queue.popFirst() {
      guard var wish = wishes[worker], wish.key == key, wish.isQueued else { continue }
      wish.isQueued = false
      let chunk = wish.pending.popLast()
      wishes[worker] = wish
      if let chunk { return Order(worker: worker, content: wish.content, chunk: chunk) }
    }
    return nil
  }

  private mutating func count(_ change: Int, of key: String?) {
    underWayCount += change
    shares[key]?.underWayCount += change
  }

  /// Forgets the share of a key of which nobody wants anything any more.
  private mutating func forgetShare(of key: String?) {
    guard let share = shares[key], share.wishCount == 0, !share.isQueued else { return }
    shares[key] = nil
  }

  /// Traps unless counts and queue agree with the requests.
  ///
  /// - Complexity: O(*n*) for *n* workers.
  package func checkInvariants() {
    let queued = Set(shares.values.flatMap(\.queue.elements))
    let waiting = Set(turns.elements)
    precondition(underWayCount == wishes.values.reduce(0) { $0 + $1.underWay.count })
    for (worker, wish) in wishes {
      precondition(wish.underWay.count + wish.pending.count <= WireLimits.fetchCountMax)
      precondition(Set(wish.pending).isDisjoint(with: wish.underWay.keys))
      precondition(!wish.isQueued || waiting.contains(wish.key))
      precondition(wish.isQueued || wish.pending.isEmpty)
      precondition(!wish.isQueued || queued.contains(worker))
    }
    for (key, share) in shares {
      let own = wishes.values.filter { $0.key == key }
      precondition(share.wishCount == own.count)
      precondition(share.underWayCount == own.reduce(0) { $0 + $1.underWay.count })
      precondition(share.underWayCount <= bounds.underWayCountMaxOfKey)
      precondition(share.isQueued == waiting.contains(key))
    }
  }
}
