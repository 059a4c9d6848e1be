import SparsityCore
import WireProtocol

/// Fetches one file chunk by chunk from the coordinator, from where an earlier attempt has ended.
///
/// The machine keeps a window of chunks on their way, asks again after silence, takes chunks in any
/// order, hands them on in the file's order, and has the whole verified at the end. It does no
/// input or output and reads no clock.
public struct InputFetch: Sendable {
  /// What the machine is told.
  public enum Event: Sendable {
    /// The fetch begins; comes first and once.
    case started
    /// A message about inputs has arrived, for this file or another.
    case received(InputMessage)
    /// The file was hashed, as ``Effect/verify`` asked for.
    case verified(ContentHash)
    /// The time of ``InputFetch/nextDeadline`` has come, or any other time.
    case ticked
  }

  /// What the machine asks for; effects are performed in order.
  public enum Effect: Hashable, Sendable {
    /// Send a request to the coordinator.
    case send(FetchRequest)
    /// Add bytes to the end of the file.
    case append([UInt8])
    /// Hash the file, then answer.
    case verify
    /// Empty the file: it holds something else than it should.
    case discard
    /// The file is complete and verified.
    case finish
    /// The file cannot be had.
    case fail(Failure)
  }

  /// Why a file cannot be had.
  public enum Failure: Hashable, Sendable {
    /// The coordinator does not serve it, in its words.
    case unavailable(words: String)
    /// Its bytes have another hash, however often they are fetched.
    case otherContent(found: ContentHash, attempts: Int)
    /// The coordinator lives, but no chunk has come for this long.
    case stalled(Duration)
  }

  /// What fixes a fetch.
  public struct Settings: Hashable, Sendable {
    /// The chunks on their way at once.
    public var windowCount: Int
    /// The silence after which the missing chunks are asked for again; it doubles.
    public var resendInterval: Duration
    /// The longest such silence.
    public var resendIntervalMax: Duration
    /// The time without a chunk after which the fetch is given up.
    public var stallTimeout: Duration
    /// How often a file is fetched whose hash turns out to be another.
    public var fetchCountMax: Int

    /// Creates settings.
    public init(
      windowCount: Int = 16, resendInterval: Duration = .seconds(5),
      resendIntervalMax: Duration = .seconds(60), stallTimeout: Duration = .seconds(600),
      fetchCountMax: Int = 3
    ) {
      precondition((1...WireLimits.fetchCountMax).contains(windowCount))
      precondition(resendInterval > .zero)
      precondition(resendIntervalMax >= resendInterval)
      precondition(stallTimeout > .zero)
      precondition(fetchCountMax > 0)
      self.windowCount = windowCount
      self.resendInterval = resendInterval
      self.resendIntervalMax = resendIntervalMax
      self.stallTimeout = stallTimeout
      self.fetchCountMax = fetchCountMax
    }
  }

  /// The file's hash.
  public let content: ContentHash
  /// The file's bytes.
  public let size: Int
  /// The chunks that were there when the fetch began.
  public let storedChunkCount: Int
  /// The chunks that have arrived since, the ones fetched again included.
  public private(set) var fetchedChunkCount = 0
  /// The chunks that the file holds by now, from its beginning.
  public private(set) var chunkCount: Int

  private let settings: Settings
  private let chunkCountMax: Int
  private var phase = Phase.waiting
  /// Chunks that came before their turn.
  private var early: [Int: [UInt8]] = [:]
  /// One more than the last chunk that was asked for.
  private var askedEnd = 0
  private var attempt = 0
  private var fetchCount = 1
  private var heardAt = Instant.start
  private var pause: Duration
  private var resendAt = Instant.start
  private var effects: [Effect] = []

  private enum Phase {
    case waiting
    case fetching
    case verifying
    case over
  }

  /// Creates the fetch of a file of which an earlier attempt has left `storedSize` bytes.
  ///
  /// A rest that is no whole chunk counts as missing: ``storedSize`` says where to cut.
  public init(
    content: ContentHash, size: Int, storedSize: Int, settings: Settings = Settings()
  ) {
    precondition(size >= 0)
    precondition(storedSize >= 0)
    self.content = content
    self.size = size
    self.settings = settings
    chunkCountMax = Inventory.chunkCount(ofSize: size)
    chunkCount = storedSize == size ? chunkCountMax : min(storedSize, size) / WireLimits.chunkSize
    storedChunkCount = chunkCount
    pause = settings.resendInterval
  }

  /// The bytes that the file holds by now, in whole chunks.
  public var storedSize: Int { min(chunkCount * WireLimits.chunkSize, size) }

  /// The time at which ``Event/ticked`` is wanted, or `nil` if nothing is waited for.
  public var nextDeadline: Instant? {
    phase == .fetching ? min(resendAt, heardAt + settings.stallTimeout) : nil
  }

  /// Applies an event that happened at `now` and returns what to do about it.
  ///
  /// - Precondition: ``Event/started`` comes first.
  public mutating func apply(_ event: Event, at now: Instant) -> [Effect] {
    switch event {
    case .started:
      precondition(phase == .waiting)
      begin(at: now)
    case .received(let message): receive(message, at: now)
    case .verified(let hash): conclude(hash, at: now)
    case .ticked: break
    }
    keepTime(at: now)
    checkInvariants()
    defer { effects.removeAll() }
    return effects
  }

  private mutating func begin(at now: Instant) {
    phase = .fetching
    heardAt = now
    advance(at: now)
  }

  private mutating func receive(_ message: InputMessage, at now: Instant) {
    guard phase == .fetching else { return }
    switch message {
    case .chunk(let chunk) where chunk.content == content: take(chunk, at: now)
    case .unavailable(let answer) where answer.content == content:
      phase = .over
      effects.append(.fail(.unavailable(words: answer.words)))
    case .list, .fetch, .inventory, .chunk, .unavailable: break
    }
  }

  private mutating func take(_ chunk: InputChunk, at now: Instant) {
    let number = chunk.chunk
    guard (chunkCount..<askedEnd).contains(number), early[number] == nil,
      chunk.bytes.count == sizeOfChunk(number)
    else { return }
    fetchedChunkCount += 1
    heardAt = now
    pause = settings.resendInterval
    resendAt = now + pause
    early[number] = chunk.bytes
    while let bytes = early.removeValue(forKey: chunkCount) {
      effects.append(.append(bytes))
      chunkCount += 1
    }
    advance(at: now)
  }

  /// Asks for more when half of the window has arrived, and has the file verified at its end.
  private mutating func advance(at now: Instant) {
    guard chunkCount < chunkCountMax else {
      phase = .verifying
      // Says that nothing is on its way any more, so that others get their turn.
      effects.append(.send(FetchRequest(content: content, chunks: [], attempt: attempt)))
      effects.append(.verify)
      return
    }
    let end = min(chunkCount + settings.windowCount, chunkCountMax)
    guard askedEnd < end, askedEnd - chunkCount <= settings.windowCount / 2 else { return }
    ask(upTo: end, at: now)
  }

  private mutating func ask(upTo end: Int, at now: Instant) {
    askedEnd = end
    resendAt = now + pause
    let missing = (chunkCount..<end).filter { early[$0] == nil }
    effects.append(.send(FetchRequest(content: content, chunks: missing, attempt: attempt)))
  }

  private mutating func conclude(_ hash: ContentHash, at now: Instant) {
    guard phase == .verifying else { return }
    guard hash != content else {
      phase = .over
      effects.append(.finish)
      return
    }
    guard fetchCount < settings.fetchCountMax else {
      phase = .over
      effects.append(.discard)
      effects.append(.fail(.otherContent(found: hash, attempts: fetchCount)))
      return
    }
    fetchCount += 1
    attempt += 1
    chunkCount = 0
    askedEnd = 0
    effects.append(.discard)
    begin(at: now)
  }

  private mutating func keepTime(at now: Instant) {
    guard phase == .fetching else { return }
    if now - heardAt >= settings.stallTimeout {
      phase = .over
      effects.append(.fail(.stalled(settings.stallTimeout)))
    } else if resendAt <= now {
      attempt += 1
      pause = min(pause * 2, settings.resendIntervalMax)
      ask(upTo: min(chunkCount + settings.windowCount, chunkCountMax), at: now)
    }
  }

  private func sizeOfChunk(_ number: Int) -> Int {
    min(WireLimits.chunkSize, size - number * WireLimits.chunkSize)
  }

  /// Traps unless memory keeps to the window.
  private func checkInvariants() {
    precondition(chunkCount <= chunkCountMax)
    precondition(early.count < settings.windowCount)
    precondition(early.keys.allSatisfy { $0 > chunkCount && $0 < askedEnd })
    precondition(askedEnd - chunkCount <= settings.windowCount)
  }
}

extension InputFetch.Failure: CustomStringConvertible {
  /// The failure in words.
  public var description: String {
    switch self {
    case .unavailable(let words): "the coordinator cannot send it: \(words)"
    case .otherContent(let found, let attempts):
      "it was fetched \(counted(attempts, "time")) and had another content, the last time "
        + "\(found.abbreviated); was the file changed since the coordinator was started?"
    case .stalled(let time):
      "the coordinator has not sent any of it for \(time); is it of the same version?"
    }
  }
}
