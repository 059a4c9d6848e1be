import Foundation

/// The processors that this process may use, and what keeps it from using more.
package struct AllowedProcessors: Hashable, Sendable {
  /// The variable in which Slurm says how many processors a task has.
  package static let slurmVariable = "SLURM_CPUS_PER_TASK"

  /// The number of threads and workers that the process should have.
  package let count: Int
  /// What limits it to fewer than the machine has, as text; `nil` if nothing does.
  package let limit: String?

  /// Looks at this process: its affinity, its control groups, and what Slurm has given it.
  ///
  /// Everything that decides about threads or workers asks here.
  package static var current: AllowedProcessors {
    AllowedProcessors(
      online: ProcessInfo.processInfo.processorCount, affinity: affinityCount(),
      quota: ControlGroups().processorCount, environment: ProcessInfo.processInfo.environment)
  }

  /// Decides from what the system says.
  ///
  /// - Parameters:
  ///   - online: the processors of the machine.
  ///   - affinity: those on which the process may run.
  ///   - quota: those whose time it may use up.
  package init(
    online: Int, affinity: Int?, quota: Double?, environment: [String: String]
  ) {
    // A part of a processor's time is worth a thread, which is then held up now and then.
    let parts = quota.map { max(1, Int($0.rounded(.up))) }
    let task = environment[Self.slurmVariable].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
    let limits: [(count: Int?, diagnostic: String)] = [
      (affinity, "the processor affinity (taskset, cpuset)"),
      (parts, "the processor quota of the control group"),
      (task, Self.slurmVariable),
    ]
    var count = max(1, online)
    var diagnostic: String?
    for limit in limits {
      guard let other = limit.count, other < count else { continue }
      count = max(1, other)
      diagnostic = limit.diagnostic
    }
    self.count = count
    limit = diagnostic
  }

  /// Returns the number of processors on which the process may run, from `/proc/self/status`.
  package static func affinityCount(status: String) -> Int? {
    // A mask in hexadecimal digits with commas between, as in `Cpus_allowed:  ff,ffffffff`.
    let name = "Cpus_allowed:"
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else {
      return nil
    }
    let digits = line.dropFirst(name.count).filter { $0 != "," && !$0.isWhitespace }
    let values = digits.map(\.hexDigitValue)
    guard !values.contains(nil) else { return nil }
    let count = values.reduce(0) { $0 + ($1 ?? 0).nonzeroBitCount }
    return count > 0 ? count : nil
  }

  private static func affinityCount() -> Int? {
    let content = FileManager.default.contents(atPath: "/proc/self/status")
    return content.flatMap { affinityCount(status: String(decoding: $0, as: UTF8.self)) }
  }
}
