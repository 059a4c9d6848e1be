/// What the program's exit status tells scripts, service managers and schedulers.
enum ExitStatus: Int32, CaseIterable {
  case done = 0
  case failed = 1
  case wrongUsage = 2
  case refused = 3
  case unmet = 4
  case left = 10
  case stopped = 11

  /// What the status means, for the help.
  var meaning: String {
    switch self {
    case .done: "done, or the run is finished"
    case .failed: "failed"
    case .wrongUsage: "wrong usage or run file"
    case .refused: "refused by the coordinator"
    case .unmet: "no member of a front is what elsa front was asked for"
    case .left: "a worker has left in order and the run goes on (drain, end time, idle, SIGTERM)"
    case .stopped: "a coordinator was stopped in order and the run can go on"
    }
  }

  /// The lines of the help.
  static let help = allCases.map { status in
    let number = "\(status.rawValue)"
    return "  " + String(repeating: " ", count: 2 - number.count) + number + "  \(status.meaning)"
  }.joined(separator: "\n")
}
