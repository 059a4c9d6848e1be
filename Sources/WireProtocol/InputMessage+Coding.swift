import SparsityCore
internal import SwiftProtobuf

extension InputMessage {
  /// The numbers that are kept for messages about inputs.
  static let kinds: ClosedRange<UInt16> = 20...24

  /// The number of the message's kind in the header.
  var kind: UInt16 {
    switch self {
    case .list: 20
    case .inventory: 21
    case .fetch: 22
    case .chunk: 23
    case .unavailable: 24
    }
  }

  /// Returns the protobuf body.
  func encodedBody() -> [UInt8] {
    switch self {
    case .list: []
    case .inventory(let inventory): serialized(InventoryProto(inventory))
    case .fetch(let request): serialized(FetchProto(request))
    case .chunk(let chunk):
      serialized(
        ChunkProto.with {
          $0.content = .init(chunk.content.bytes)
          $0.chunk = UInt32(chunk.chunk)
          $0.bytes = .init(chunk.bytes)
        })
    case .unavailable(let answer):
      serialized(
        UnavailableProto.with {
          $0.content = .init(answer.content.bytes)
          $0.diagnostic = cut(answer.diagnostic)
        })
    }
  }

  /// Reads the body of a message of one of ``kinds``.
  ///
  /// - Throws: ``WireError`` for a body that is malformed or beyond ``WireLimits``.
  init(kind: UInt16, body: [UInt8]) throws(WireError) {
    switch kind {
    case 20: self = .list
    case 21: self = .inventory(try Inventory(try parsed(body, kind: kind)))
    case 22: self = .fetch(try FetchRequest(try parsed(body, kind: kind)))
    case 23: self = .chunk(try InputChunk(try parsed(body, kind: kind)))
    case 24:
      let proto: UnavailableProto = try parsed(body, kind: kind)
      self = .unavailable(
        Unavailability(
          content: try ContentHash(wire: [UInt8](proto.content)),
          diagnostic: try text(proto.diagnostic, "diagnostic")))
    default: preconditionFailure("\(kind) is no kind of a message about inputs")
    }
  }
}

extension InventoryProto {
  /// Converts an inventory.
  init(_ inventory: Inventory) {
    entries = inventory.entries.map { entry in
      InventoryEntryProto.with {
        $0.role = UInt32(entry.role.rawValue)
        $0.content = .init(entry.content.bytes)
        $0.size = UInt64(entry.size)
      }
    }
  }
}

extension Inventory {
  /// Converts and checks an inventory; files of roles that are not known are left out.
  init(_ proto: InventoryProto) throws(WireError) {
    guard proto.entries.count <= WireLimits.inventoryCountMax else {
      throw .invalidField(name: "entries", diagnostic: "has \(proto.entries.count) entries")
    }
    var entries: [Entry] = []
    for entry in proto.entries {
      let content = try ContentHash(wire: [UInt8](entry.content))
      let size = try bounded(entry.size, 0...WireLimits.inputSizeMax, "size")
      guard let role = UInt8(exactly: entry.role).flatMap({ InputRole(rawValue: $0) }) else {
        continue
      }
      guard !entries.contains(where: { $0.role == role }) else {
        throw .invalidField(name: "role", diagnostic: "is \(entry.role) twice")
      }
      entries.append(Entry(role: role, content: content, size: size))
    }
    self.init(entries: entries)
  }
}

extension FetchProto {
  /// Converts a request.
  init(_ request: FetchRequest) {
    content = .init(request.content.bytes)
    chunks = request.chunks.map { UInt32($0) }
    attempt = UInt32(request.attempt)
  }
}

extension FetchRequest {
  /// Converts and checks a request.
  init(_ proto: FetchProto) throws(WireError) {
    self.init(
      content: try ContentHash(wire: [UInt8](proto.content)),
      chunks: try list(
        proto.chunks, limit: WireLimits.fetchCountMax, "chunks"
      ) { value throws(WireError) in try chunkNumber(value) },
      attempt: try bounded(proto.attempt, 0...Int(Int32.max), "attempt"))
  }
}

extension InputChunk {
  /// Converts and checks a piece.
  init(_ proto: ChunkProto) throws(WireError) {
    guard proto.bytes.count <= WireLimits.chunkSize else {
      throw .invalidField(name: "bytes", diagnostic: "holds \(proto.bytes.count) bytes")
    }
    self.init(
      content: try ContentHash(wire: [UInt8](proto.content)), chunk: try chunkNumber(proto.chunk),
      bytes: [UInt8](proto.bytes))
  }
}

/// Returns the number of a chunk.
///
/// - Throws: ``WireError/invalidField(name:diagnostic:)``.
private func chunkNumber(_ value: UInt32) throws(WireError) -> Int {
  try bounded(value, 0...WireLimits.inputSizeMax / WireLimits.chunkSize, "chunk")
}
