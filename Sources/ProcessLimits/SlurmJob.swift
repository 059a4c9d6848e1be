import Foundation

/// The Slurm job that this process is part of.
package struct SlurmJob: Sendable {
  /// The variable that names the job.
  package static let identityVariable = "SLURM_JOB_ID"
  /// The variable that says when a job ends, in seconds since 1970; Slurm 22.05 does not set it.
  package static let endVariable = "SLURM_JOB_END_TIME"

  /// The largest time that is one: Slurm writes huge numbers for jobs without an end.
  private static let secondsMax: UInt64 = 100_000_000_000

  /// What is known about the end of a job.
  package enum End: Hashable, Sendable {
    /// The job ends then; `source` says who knows.
    case at(Date, source: String)
    /// The job has no end.
    case never(source: String)
    /// Nobody could say.
    case unknown(reason: String)
  }

  /// Why a variable of Slurm makes no sense.
  package struct InvalidVariable: Error, Hashable, Sendable {
    /// The variable's name.
    package let name: String
    package let value: String

    /// Creates the error.
    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The job's number, as Slurm writes it.
  let identity: String?
  /// What the variable says.
  let endText: String?

  /// Finds the job in the environment, or returns `nil` outside of one.
  package init?(environment: [String: String]) {
    func value(_ name: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
    identity = value(Self.identityVariable)
    endText = value(Self.endVariable)
    guard identity != nil || endText != nil else { return nil }
  }

  /// Returns when the job ends: what the environment says, else what Slurm's tools say.
  ///
  /// - Parameter ask: runs a tool and returns what it prints, or `nil` if it fails or is not there.
  package func end(
    asking ask: (_ tool: String, _ arguments: [String]) -> String?
  ) throws(InvalidVariable) -> End {
    if let endText {
      guard let seconds = UInt64(endText) else {
        throw InvalidVariable(name: Self.endVariable, value: endText)
      }
      guard seconds <= Self.secondsMax else { return .never(source: Self.endVariable) }
      return .at(Date(timeIntervalSince1970: TimeInterval(seconds)), source: Self.endVariable)
    }
    guard let identity else { return .unknown(reason: "\(Self.identityVariable) is not set") }
    let tools: [(name: String, arguments: [String], read: (String) -> String?)] = [
      ("scontrol", ["show", "job", identity], Self.endInRecord),
      ("squeue", ["-h", "-j", identity, "-o", "%e"], Self.endInLine),
    ]
    for tool in tools {
      guard let text = ask(tool.name, tool.arguments).flatMap(tool.read) else { continue }
      let source = "\(tool.name) \(tool.arguments.joined(separator: " "))"
      if let date = LocalTime.date(text) { return .at(date, source: source) }
      if ["Unknown", "NONE", "N/A", "Unlimited"].contains(text) { return .never(source: source) }
    }
    return .unknown(
      reason: "\(Self.endVariable) is not set, and neither scontrol nor squeue knows an end of job "
        + identity)
  }

  /// Returns the first `EndTime=…` of what `scontrol show job` prints.
  private static func endInRecord(_ text: String) -> String? {
    text.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("EndTime=") }
      .map { String($0.dropFirst("EndTime=".count)) }
  }

  private static func endInLine(_ text: String) -> String? {
    text.split(whereSeparator: \.isWhitespace).first.map(String.init)
  }
}
