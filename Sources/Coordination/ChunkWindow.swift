import WireProtocol

/// The chunks of a file that are asked for, taken in any order and handed on in the file's.
package struct ChunkWindow: Sendable {
  /// The file's bytes.
  package let size: Int
  /// The file's chunks.
  package let chunkCountMax: Int
  /// The chunks that were handed on, from the file's beginning.
  package private(set) var chunkCount: Int
  private let windowCount: Int
  /// Chunks that came before their turn.
  private var early: [Int: [UInt8]] = [:]
  /// One more than the last chunk that was asked for.
  private var askedEnd = 0

  /// Creates the window on a file of which `storedSize` bytes are there; of those, what is no whole
  /// chunk counts as missing.
  package init(size: Int, storedSize: Int, windowCount: Int) {
    precondition(size >= 0)
    precondition(storedSize >= 0)
    precondition(windowCount > 0)
    self.size = size
    self.windowCount = windowCount
    chunkCountMax = Inventory.chunkCount(ofSize: size)
    chunkCount = storedSize == size ? chunkCountMax : min(storedSize, size) / WireLimits.chunkSize
  }

  /// The bytes that were handed on, in whole chunks.
  package var storedSize: Int { min(chunkCount * WireLimits.chunkSize, size) }

  /// Whether everything was handed on.
  package var isComplete: Bool { chunkCount == chunkCountMax }

  /// Whether half of the window has arrived, so that more should be asked for.
  package var wantsMore: Bool {
    askedEnd < end && askedEnd - chunkCount <= windowCount / 2
  }

  private var end: Int { min(chunkCount + windowCount, chunkCountMax) }

  /// Moves the window to its place, and returns the chunks in it that are missing.
  package mutating func ask() -> [Int] {
    askedEnd = end
    return (chunkCount..<end).filter { early[$0] == nil }
  }

  /// Takes a chunk; returns those whose turn has come, or `nil` if it was not asked for, has come
  /// before or has another size.
  package mutating func take(_ bytes: [UInt8], number: Int) -> [[UInt8]]? {
    guard (chunkCount..<max(chunkCount, askedEnd)).contains(number), early[number] == nil,
      bytes.count == min(WireLimits.chunkSize, size - number * WireLimits.chunkSize)
    else { return nil }
    early[number] = bytes
    var due: [[UInt8]] = []
    while let next = early.removeValue(forKey: chunkCount) {
      due.append(next)
      chunkCount += 1
    }
    return due
  }

  /// Begins again: what was handed on is of no use.
  ///
  /// - Precondition: ``isComplete``.
  package mutating func restart() {
    precondition(isComplete)
    chunkCount = 0
    askedEnd = 0
  }

  /// Traps unless memory keeps to the window.
  package func checkInvariants() {
    precondition(chunkCount <= chunkCountMax)
    precondition(early.count < windowCount)
    precondition(early.keys.allSatisfy { $0 > chunkCount && $0 < askedEnd })
    precondition(askedEnd - chunkCount <= windowCount)
  }
}
