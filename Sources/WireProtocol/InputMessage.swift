import SparsityCore

/// What worker and coordinator say to each other about the files of a run's inputs.
///
/// Every message may be lost or repeated, as all of them may.
package enum InputMessage: Hashable, Sendable {
  // From a worker.
  /// Which files are there?
  case list
  case fetch(FetchRequest)
  // From the coordinator.
  case inventory(Inventory)
  case chunk(InputChunk)
  case unavailable(Unavailability)
}

extension InputMessage {
  /// The name of a message's kind in the specification.
  package var name: String {
    switch self {
    case .list: "LIST"
    case .inventory: "INVENTORY"
    case .fetch: "FETCH"
    case .chunk: "CHUNK"
    case .unavailable: "UNAVAILABLE"
    }
  }
}

/// What a file of a run's inputs is for.
package enum InputRole: UInt8, CaseIterable, Hashable, Sendable {
  /// The checkpoint.
  case model = 1
  /// The checkpoint's `config.json`.
  case configuration = 2
  /// The packed search set.
  case data = 3
  /// The weight bank, where it was built with calibration images.
  case bank = 4
}

extension InputRole: CustomStringConvertible {
  /// The role as text.
  package var description: String {
    switch self {
    case .model: "model"
    case .configuration: "configuration"
    case .data: "search set"
    case .bank: "weight bank"
    }
  }
}

/// The files that a coordinator serves.
package struct Inventory: Hashable, Sendable {
  /// One file.
  package struct Entry: Hashable, Sendable {
    /// What the file is for.
    package var role: InputRole
    /// The SHA-256 of the file's bytes.
    package var content: ContentHash
    /// The size in bytes.
    package var size: Int

    package init(role: InputRole, content: ContentHash, size: Int) {
      precondition((0...WireLimits.inputSizeMax).contains(size))
      self.role = role
      self.content = content
      self.size = size
    }
  }

  /// The files, at most one for each role.
  package var entries: [Entry]

  package init(entries: [Entry]) {
    self.entries = entries
  }

  /// Returns the number of chunks of a file.
  package static func chunkCount(ofSize size: Int) -> Int {
    (size + WireLimits.chunkSize - 1) / WireLimits.chunkSize
  }
}

/// All chunks of one file that a worker waits for; it replaces what the worker said before.
package struct FetchRequest: Hashable, Sendable {
  /// The file.
  package var content: ContentHash
  /// The chunks that are missing; none ends the fetch.
  package var chunks: [Int]
  /// Grows by one when the worker believes that what was sent so far is lost.
  package var attempt: Int

  package init(content: ContentHash, chunks: [Int], attempt: Int) {
    precondition(chunks.count <= WireLimits.fetchCountMax)
    self.content = content
    self.chunks = chunks
    self.attempt = attempt
  }
}

/// A piece of a file.
package struct InputChunk: Hashable, Sendable {
  /// The file.
  package var content: ContentHash
  /// The chunk's number, from zero.
  package var chunk: Int
  /// The bytes.
  package var bytes: [UInt8]

  /// Creates a piece.
  package init(content: ContentHash, chunk: Int, bytes: [UInt8]) {
    precondition(bytes.count <= WireLimits.chunkSize)
    self.content = content
    self.chunk = chunk
    self.bytes = bytes
  }
}

/// Why a file cannot be had from the coordinator.
package struct Unavailability: Hashable, Sendable {
  /// The file.
  package var content: ContentHash
  /// The reason as text.
  package var diagnostic: String

  /// Creates an answer.
  package init(content: ContentHash, diagnostic: String) {
    self.content = content
    self.diagnostic = diagnostic
  }
}
