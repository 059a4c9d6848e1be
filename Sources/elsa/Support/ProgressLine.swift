import Foundation

/// A line on standard error that shows how far something is.
///
/// On a terminal it is rewritten in place, at most ten times a second; elsewhere a line is written
/// when a minute has passed since the last one.
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

  /// Shows `done` of `total` steps and what else there is to say.
  mutating func show(done: Int, total: Int, unit: String, details: String = "") {
    let now = ContinuousClock.now
    // What was done before this line began says nothing about the speed.
    let begun = firstDone ?? done
    firstDone = begun
    let interval: Duration = isTerminal ? .milliseconds(100) : .seconds(60)
    let isLast = done >= total
    if let lastWrite, now - lastWrite < interval, !(isLast && isTerminal) { return }
    if lastWrite == nil, !isTerminal {
      // The first line elsewhere comes after a minute, so that short work stays silent.
      lastWrite = now
      return
    }
    lastWrite = now
    let elapsed = (now - start).seconds
    let rate = elapsed > 0 ? Double(done - begun) / elapsed : 0
    let left = rate > 0 ? NumberFormat.time(Double(total - done) / rate) : "?"
    var text = "\(done)/\(total) \(unit)"
    if !details.isEmpty { text += "  \(details)" }
    text += "  \(left) left"
    write(isTerminal ? "\(Self.bar(done: done, total: total)) \(text)" : text)
  }

  /// Writes a line of its own above the progress line.
  mutating func interrupt(with text: String) {
    if isOpen { Output.noteRaw("\r\u{1B}[2K") }
    Output.note(text)
    lastWrite = isTerminal ? nil : lastWrite
  }

  /// Ends the line, so that what is written next starts on a new one.
  mutating func finish() {
    guard isOpen else { return }
    Output.noteRaw("\n")
    isOpen = false
  }

  private mutating func write(_ text: String) {
    guard isTerminal else { return Output.note(text) }
    let columns = Self.terminalColumns
    Output.noteRaw("\r\u{1B}[2K\(text.prefix(columns - 1))")
    isOpen = true
  }

  private static func bar(done: Int, total: Int, width: Int = 20) -> String {
    let filled = total > 0 ? min(width, done * width / total) : 0
    return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
  }

  private static var terminalColumns: Int {
    var size = winsize()
    let status = unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size)
    return status == 0 && size.ws_col > 20 ? Int(size.ws_col) : 100
  }
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
