import Coordination
import Foundation
import ModelFiles
import SparsityCore
import WireProtocol

/// Where a worker looks for inputs, and what it tells users meanwhile.
package struct InputSettings: Sendable {
  /// Where fetched files are kept.
  package var cache: InputCache
  /// Whether the paths that the coordinator names are looked at: they may be on a shared disk.
  package var usesSharedFiles = true
  /// How files are fetched.
  package var fetch = InputFetch.Settings()
  /// Is told what happens, on the loading thread.
  package var report: @Sendable (InputReport) -> Void = { _ in }

  package init(cache: InputCache) {
    self.cache = cache
  }
}

/// What a worker says about its inputs.
package enum InputReport: Hashable, Sendable {
  /// Another worker of this machine fetches the file.
  case waiting(InputRole)
  /// The file is on its way.
  case fetching(InputRole, storedBytes: Int, size: Int)
  /// The file has been fetched and verified.
  case fetched(
    InputRole, fetchedChunkCount: Int, storedChunkCount: Int, size: Int, duration: Duration)
  /// The file was in the cache.
  case cached(InputRole)
}

/// Gets the files of a run: from the paths that it names, from the cache, or from the coordinator.
package struct InputFetcher {
  private let channel: InputChannel
  private let settings: InputSettings
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant

  /// How often a file is looked for that another worker fetches.
  private static let lockInterval = Duration.milliseconds(50)

  package init(channel: InputChannel, settings: InputSettings) {
    self.channel = channel
    self.settings = settings
    start = clock.now
  }

  private var now: Instant { Instant(sinceStart: clock.now - start) }

  /// Returns the files of a run, each with the content that the coordinator has for it.
  ///
  /// - Returns: `nil` if the coordinator does not serve all of them.
  package func files(of description: RunDescription) throws(InputError) -> InputFiles? {
    let roles = InputFiles.roles(of: description)
    guard !roles.isEmpty else { return InputFiles(sharedBy: description) }
    let inventory = try inventory()
    var entries: [Inventory.Entry] = []
    for role in roles {
      guard let entry = inventory.entries.first(where: { $0.role == role }) else { return nil }
      entries.append(entry)
    }
    var files = InputFiles(sharedBy: description)
    let missing = entries.filter { !(settings.usesSharedFiles && isEntry($0, at: files[$0.role])) }
    guard !missing.isEmpty else { return files }
    try settings.cache.create()
    try settings.cache.makeRoom(for: missing)
    for entry in missing {
      let lock = try obtain(entry)
      files.use(settings.cache.path(of: entry.content), for: entry.role, holding: lock)
    }
    return files
  }

  private func inventory() throws(InputError) -> Inventory {
    var pause = settings.fetch.resendInterval
    while now < .start + settings.fetch.stallTimeout {
      channel.send(.list)
      let deadline = now + pause
      while now < deadline {
        if channel.isClosed { throw .closed }
        if case .inventory(let inventory) = channel.receive(atMost: deadline - now) {
          return inventory
        }
      }
      pause = min(pause * 2, settings.fetch.resendIntervalMax)
    }
    throw .noInventory(settings.fetch.stallTimeout)
  }

  /// Whether the file at a path is what an entry names.
  private func isEntry(_ entry: Inventory.Entry, at path: String) -> Bool {
    do throws(ModelFileError) {
      guard try FileDescriptor.reading(path).size(path: path) == entry.size else { return false }
      return try contentHash(ofFileAt: path) == entry.content
    } catch {
      // A path of another machine means nothing here.
      return false
    }
  }

  // MARK: The cache

  /// Returns the shared lock of a file that is complete and verified, fetching it if need be.
  private func obtain(_ entry: Inventory.Entry) throws(InputError) -> FileLock {
    let cache = settings.cache
    let path = cache.path(of: entry.content)
    var hasReported = false
    while !channel.isClosed {
      if unsafe access(path, F_OK) == 0 {
        if let lock = try cache.lock(entry.content, .together), unsafe access(path, F_OK) == 0 {
          if isEntry(entry, at: path) {
            cache.touch(entry.content)
            settings.report(.cached(entry.role))
            return lock
          }
          try unlinkCached(path)
        }
      } else if let lock = try cache.lock(entry.content, .alone) {
        if unsafe access(path, F_OK) != 0 { try fetch(entry) }
        // Between the two modes another peer may have taken the lock, so the file is looked at.
        if lock.share(), unsafe access(path, F_OK) == 0 { return lock }
        continue
      }
      if !hasReported { settings.report(.waiting(entry.role)) }
      hasReported = true
      Thread.sleep(forTimeInterval: Double(Self.lockInterval.components.attoseconds) * 1e-18)
    }
    throw .closed
  }

  /// Fetches a file, going on from what is there; the caller holds its lock alone.
  private func fetch(_ entry: Inventory.Entry) throws(InputError) {
    let begin = now
    var part = try PartFile(path: settings.cache.partPath(of: entry.content))
    var machine = InputFetch(
      content: entry.content, size: entry.size, storedSize: part.size, settings: settings.fetch)
    try part.truncate(to: machine.storedSize)
    var queue: [InputFetch.Effect] = machine.apply(.started, at: now)
    while !channel.isClosed {
      for effect in queue {
        switch effect {
        case .send(let request): channel.send(.fetch(request))
        case .append(let bytes): try part.append(bytes)
        case .discard: try part.truncate(to: 0)
        case .verify, .finish, .fail: break
        }
      }
      switch queue.last {
      case .verify:
        queue = machine.apply(.verified(try hash(part.path)), at: now)
        continue
      case .finish:
        try part.commit(as: settings.cache.path(of: entry.content))
        settings.report(
          .fetched(
            entry.role, fetchedChunkCount: machine.fetchedChunkCount,
            storedChunkCount: machine.storedChunkCount, size: entry.size, duration: now - begin))
        return
      case .fail(let failure): throw .notFetched(entry.role, failure)
      case .send, .append, .discard, nil: break
      }
      settings.report(.fetching(entry.role, storedBytes: machine.storedSize, size: entry.size))
      let wait = machine.nextDeadline.map { max(.zero, $0 - now) } ?? .zero
      let message = channel.receive(atMost: wait)
      queue = machine.apply(message.map { .received($0) } ?? .ticked, at: now)
    }
    throw .closed
  }

  private func hash(_ path: String) throws(InputError) -> ContentHash {
    do throws(ModelFileError) {
      return try contentHash(ofFileAt: path)
    } catch {
      throw .cannotUse(path: path, reason: "\(error)")
    }
  }
}
