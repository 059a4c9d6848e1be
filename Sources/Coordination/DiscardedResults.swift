import SparsityCore
import WireProtocol

/// Which of a journal's results count no more, because the key that has delivered them does not.
///
/// A discard makes void what its key has delivered before it, and nothing after. Without strict
/// mode the candidates concerned are open again behind it, with their other results; what was
/// proposed stays. In strict mode proposals depend on results, so the search begins anew behind the
/// discard and gives what it would have given; what was measured by others is not measured again.
package struct DiscardedResults: Hashable, Sendable {
  private var lastSequences: [String: Int] = [:]
  private var sequences: Set<Int> = []
  /// The place of the first record of the search that counts: those before it only say what was
  /// measured.
  package private(set) var searchStart = 0

  /// Creates discards of nothing.
  package init() {}

  /// Finds the discards among all records of a journal.
  package init(in records: some Sequence<JournalRecord>) {
    for (sequence, record) in records.enumerated() {
      if case .discarded(let key) = record { add(key, at: sequence) }
    }
  }

  /// Creates discards that were found, in the order of their places.
  package init(_ found: [(sequence: Int, key: DiscardedKey)]) {
    for (sequence, key) in found { add(key, at: sequence) }
  }

  /// Adds the discard whose record has the place `sequence`; the places grow.
  package mutating func add(_ key: DiscardedKey, at sequence: Int) {
    lastSequences[key.keyName] = sequence
    sequences.insert(sequence)
    if key.restartsSearch { searchStart = sequence + 1 }
  }

  /// The place behind the last discard.
  package var end: Int { (sequences.max() ?? -1) + 1 }

  package var keyNames: Set<String> { Set(lastSequences.keys) }

  /// Whether a result at some place counts no more.
  package func contains(resultOf keyName: String, at sequence: Int) -> Bool {
    lastSequences[keyName].map { sequence < $0 } ?? false
  }

  /// Whether the record of a discard is known to have a place.
  func isKnown(at sequence: Int) -> Bool { sequences.contains(sequence) }
}
