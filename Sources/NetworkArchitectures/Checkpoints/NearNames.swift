/// The names of known networks that are most like one that is not known.
package enum NearNames {
  /// Returns the nearest names by the letters that must be changed, added or left out.
  ///
  /// - Complexity: O(letters² · names).
  package static func nearest(to name: String, count: Int = 3) -> [String] {
    let letters = Array(name.prefix { $0 != "." }.prefix(100))
    let ranked = NetworkFamilies.named.map { known in
      (distance: distance(letters, Array(known.name)), name: known.name)
    }
    return ranked.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
      .prefix(count).map(\.name)
  }

  /// The nearest names as text, as in “nearest are A, B, C”.
  static func text(for name: String) -> String {
    "nearest are " + nearest(to: name).joined(separator: ", ")
  }

  /// The edit distance of Levenshtein.
  private static func distance(_ first: [Character], _ second: [Character]) -> Int {
    var row = Array(0...second.count)
    for (index, letter) in first.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for (place, other) in second.enumerated() {
        let changed = diagonal + (letter == other ? 0 : 1)
        diagonal = row[place + 1]
        row[place + 1] = min(changed, row[place] + 1, diagonal + 1)
      }
    }
    return row[second.count]
  }
}
