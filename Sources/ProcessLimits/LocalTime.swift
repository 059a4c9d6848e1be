import Foundation

/// Reads times as batch systems and users write them.
package enum LocalTime {
  /// Reads `2026-11-21T17:10:00`, with a zone as in ISO 8601 or, without one, in this machine's.
  package static func date(_ text: String) -> Date? {
    if let date = try? Date(text, strategy: .iso8601) { return date }
    let halves = text.split(separator: "T", omittingEmptySubsequences: false)
    guard halves.count == 2 else { return nil }
    let day = halves[0].split(separator: "-", omittingEmptySubsequences: false)
    let hour = halves[1].split(separator: ":", omittingEmptySubsequences: false)
    let parts = (day + hour).map { part in
      (1...4).contains(part.count) && part.allSatisfy(\.isNumber) ? Int(part) : nil
    }
    let numbers = parts.compactMap(\.self)
    guard day.count == 3, (2...3).contains(hour.count), numbers.count == parts.count else {
      return nil
    }
    guard (0...23).contains(numbers[3]), (0...59).contains(numbers[4]),
      numbers.count == 5 || (0...59).contains(numbers[5])
    else { return nil }
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .current
    let wanted = DateComponents(
      year: numbers[0], month: numbers[1], day: numbers[2], hour: numbers[3], minute: numbers[4],
      second: numbers.count > 5 ? numbers[5] : 0)
    guard let date = calendar.date(from: wanted) else { return nil }
    // The calendar turns the 31st of June into the 1st of July; we do not.
    let found = calendar.dateComponents([.year, .month, .day], from: date)
    let isSameDay =
      found.year == wanted.year && found.month == wanted.month && found.day == wanted.day
    return isSameDay ? date : nil
  }
}
