import Foundation

/// What some work of this process, with all its threads, took.
package struct ResourceUse: Hashable, Sendable {
  /// The seconds that passed.
  package let seconds: Double
  /// The processor seconds of all threads, in the program and for it.
  package let processorSeconds: Double
  /// The most memory that the process had at once, what it had before included.
  package let peakMemoryBytes: Int

  /// Measures `body`.
  ///
  /// The kernel's mark of the most memory is set back first (Linux, `/proc/self/clear_refs`).
  package static func measuring<Result>(
    _ body: () throws -> Result
  ) rethrows -> (result: Result, use: ResourceUse) {
    try? FileHandle(forWritingAtPath: "/proc/self/clear_refs")?.write(contentsOf: Data("5".utf8))
    let start = (wall: ContinuousClock.now, processor: processorSeconds)
    let result = try body()
    let use = ResourceUse(
      seconds: (ContinuousClock.now - start.wall) / .seconds(1),
      processorSeconds: processorSeconds - start.processor, peakMemoryBytes: peakMemoryBytes)
    return (result, use)
  }

  private static var processorSeconds: Double {
    var time = timespec()
    let status = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    precondition(status == 0, "every Linux has this clock")
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private static var peakMemoryBytes: Int {
    let status = FileManager.default.contents(atPath: "/proc/self/status") ?? Data()
    let lines = String(decoding: status, as: UTF8.self).split(separator: "\n")
    guard
      let line = lines.first(where: { $0.hasPrefix("VmHWM:") }),
      let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { return 0 }
    return kibibytes * 1024
  }
}
