import SparsityCore
import WireProtocol

/// Fetches one file chunk by chunk from the coordinator, from where an earlier attempt has ended.
///
/// The machine keeps a window of chunks on their way, asks again after silence, takes chunks in any
/// order, hands them on in the file's order, and has the whole verified at the end. It does no
/// input or output and reads no clock.
package struct InputFetch: Sendable {
  /// What the machine is told.
  package enum Event: Sendable {
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
  package enum Effect: Hashable, Sendable {
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
  package enum Failure: Hashable, Sendable {
    /// The coordinator does not serve it, as it says.
    case unavailable(diagnostic: String)
    /// Its bytes have another hash, however often they are fetched.
    case otherContent(found: ContentHash, attempts: Int)
    /// The coordinator lives, but no chunk has come for this long.
    case stalled(Duration)
  }

  /// What fixes a fetch.
  package struct Settings: Hashable, Sendable {
    /// The chunks on their way at once.
    package var windowCount: Int
    /// The silence after which the missing chunks are asked for again; it doubles.
    package var resendInterval: Duration
    /// The longest such silence.
    package var resendIntervalMax: Duration
    /// The time without a chunk after which the fetch is given up.
    package var stallTimeout: Duration
    /// How often a file is fetched whose hash turns out to be another.
    package var fetchCountMax: Int

    package init(
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
  package let content: ContentHash
  /// The chunks that were there when the fetch began.
  package let storedChunkCount: Int
  /// The chunks that have arrived since, the ones fetched again included.
  package private(set) var fetchedChunkCount = 0

  private let settings: Settings
  private var window: ChunkWindow
  private var phase = Phase.waiting
  private var attempt = 0
  private var fetchCount = 1
  private var heardAt = Instant.start
  private var resending: Backoff
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
  package init(
    content: ContentHash, size: Int, storedSize: Int, settings: Settings = Settings()
  ) {
    self.content = content
    self.settings = settings
    window = ChunkWindow(
      size: size, storedSize: storedSize, windowCount: settings.windowCount)
    storedChunkCount = window.chunkCount
    resending = Backoff(from: settings.resendInterval, upTo: settings.resendIntervalMax)
  }

  /// The file's bytes.
  package var size: Int { window.size }

  /// The chunks that the file holds by now, from its beginning.
  package var chunkCount: Int { window.chunkCount }

  /// The bytes that the file holds by now, in whole chunks.
  package var storedSize: Int { window.storedSize }

  /// The time at which ``Event/ticked`` is wanted, or `nil` if nothing is waited for.
  package var nextDeadline: Instant? {
    guard phase == .fetching else { return nil }
    return [resending.deadline, heardAt + settings.stallTimeout].compactMap(\.self).min()
  }

  /// Applies an event that happened at `now` and returns what to do about it.
  ///
  /// - Precondition: ``Event/started`` comes first.
  package mutating func apply(_ event: Event, at now: Instant) -> [Effect] {
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
      effects.append(.fail(.unavailable(diagnostic: answer.diagnostic)))
    case .list, .fetch, .inventory, .chunk, .unavailable: break
    }
  }

  private mutating func take(_ chunk: InputChunk, at now: Instant) {
    guard let due = window.take(chunk.bytes, number: chunk.chunk) else { return }
    fetchedChunkCount += 1
    heardAt = now
    resending.reset()
    resending.wait(from: now)
    for bytes in due { effects.append(.append(bytes)) }
    advance(at: now)
  }

  /// Asks for more when half of the window has arrived, and has the file verified at its end.
  private mutating func advance(at now: Instant) {
    guard !window.isComplete else {
      phase = .verifying
      // Says that nothing is on its way any more, so that others get their turn.
      effects.append(.send(FetchRequest(content: content, chunks: [], attempt: attempt)))
      effects.append(.verify)
      return
    }
    if window.wantsMore { ask(at: now) }
  }

  private mutating func ask(at now: Instant) {
    resending.wait(from: now)
    effects.append(
      .send(FetchRequest(content: content, chunks: window.ask(), attempt: attempt)))
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
    window.restart()
    effects.append(.discard)
    begin(at: now)
  }

  private mutating func keepTime(at now: Instant) {
    guard phase == .fetching else { return }
    if now - heardAt >= settings.stallTimeout {
      phase = .over
      effects.append(.fail(.stalled(settings.stallTimeout)))
    } else if resending.isDue(at: now) {
      attempt += 1
      resending.grow()
      ask(at: now)
    }
  }

  /// Traps unless memory keeps to the window.
  private func checkInvariants() { window.checkInvariants() }
}

extension InputFetch.Failure: CustomStringConvertible {
  /// The failure as text.
  package var description: String {
    switch self {
    case .unavailable(let diagnostic): "the coordinator cannot send it: \(diagnostic)"
    case .otherContent(let found, let attempts):
      "it was fetched \(counted(attempts, "time")) and had another content, the last time "
        + "\(found.abbreviated); was the file changed since the coordinator was started?"
    case .stalled(let time):
      "the coordinator has not sent any of it for \(time); is it of the same version?"
    }
  }
}
