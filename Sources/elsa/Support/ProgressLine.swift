import Foundation
import TextReports

/// A line on standard error that shows how far something is.
///
/// On a terminal it is rewritten in place, at most ten times a second; elsewhere a first line is
/// written after ten seconds, and another when a minute has passed since the last one.
struct ProgressLine {
  private let isTerminal: Bool
  private let start: ContinuousClock.Instant
  private var lastWrite: ContinuousClock.Instant?
  private var isOpen = false
  private var firstDone: Int?

  /// Creates the progress line of something that starts now.
  init(isTerminal: Bool = Output.isTerminal) {
    self.isTerminal = isTerminal
    self.start = .now
  }

  /// Shows `done` of `total` steps and what else there is to say, the most important first.
  ///
  /// - Parameter known: The time left as text, where it is known better than from these steps.
  mutating func show(
    done: Int, total: Int, unit: String, details: [String] = [], left known: String? = nil
  ) {
    let now = ContinuousClock.now
    // What was done before this line began says nothing about the speed.
    let begun = firstDone ?? done
    firstDone = begun
    let isLast = done >= total
    if let lastWrite {
      let interval: Duration = isTerminal ? .milliseconds(100) : .seconds(60)
      guard now - lastWrite >= interval || (isLast && isTerminal) else { return }
    } else if !isTerminal, now - start < .seconds(10) {
      // Short work stays silent.
      return
    }
    lastWrite = now
    let elapsed = (now - start).seconds
    let rate = elapsed > 0 ? Double(done - begun) / elapsed : 0
    let left = known ?? (rate > 0 ? NumberFormat.time(Double(total - done) / rate) : "?")
    let parts = ["\(done)/\(total) \(unit)", "\(left) left"] + details
    guard isTerminal else { return Output.notify(parts.joined(separator: "  ")) }
    let text = Self.fitting(
      ["\(Self.bar(done: done, total: total)) \(parts[0])"] + parts.dropFirst(),
      columns: Self.terminalColumns - 1)
    Output.notifyRaw("\r\u{1B}[2K\(text)")
    isOpen = true
  }

  /// Joins as many parts as fit into a line, whole ones; only the first may be cut.
  private static func fitting(_ parts: [String], columns: Int) -> String {
    var text = String(parts[0].prefix(columns))
    for part in parts.dropFirst() {
      let longer = "\(text)  \(part)"
      guard longer.count <= columns else { break }
      text = longer
    }
    return text
  }

  /// Writes a line of its own above the progress line.
  mutating func interrupt(with text: String) {
    if isOpen { Output.notifyRaw("\r\u{1B}[2K") }
    isOpen = false
    Output.notify(text)
    lastWrite = isTerminal ? nil : lastWrite
  }

  /// Ends the line, so that what is written next starts on a new one.
  mutating func finish() {
    guard isOpen else { return }
    Output.notifyRaw("\n")
    isOpen = false
  }

  private static func bar(done: Int, total: Int, width: Int = 20) -> String {
    let filled = total > 0 ? min(width, done * width / total) : 0
    return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
  }

  /// The columns of the terminal; what the environment says, or 80, where it does not tell.
  private static var terminalColumns: Int {
    var size = winsize()
    let status = unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size)
    if status == 0, size.ws_col > 0 { return Int(size.ws_col) }
    return ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) } ?? 80
  }
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
