import Coordination
import Logging
import ProcessLimits

/// Tells the log and anyone who observes the coordinator.
struct CoordinatorNotifier {
  private let logger: Logger
  /// Who observes the coordinator.
  let observer: CoordinatorObserver

  init(_ logger: Logger, _ observer: CoordinatorObserver) {
    self.logger = logger
    self.observer = observer
  }

  /// How urgently the process was asked to end.
  var stopRequest: StopRequest { observer.stopRequest() }

  /// Tells something.
  func tell(_ notice: Notice) {
    logger.log(level: notice.urgency.level, "\(notice.text)")
    if notice.isForUsers { observer.warned(notice.text) }
  }

  /// Writes a line into the log.
  func log(_ text: String, _ urgency: Urgency) { tell(Notice(text, urgency: urgency)) }

  /// Passes on a notification, and tells it unless its key has caused more than its share.
  func take(_ notification: Coordinator.Notification, isTold: Bool) {
    guard isTold else {
      observer.notified(notification, nil)
      return
    }
    let diagnostic = notification.text
    logger.log(level: notification.urgency.level, "\(diagnostic)")
    observer.notified(notification, diagnostic)
  }

  /// Tells what was wrong with keys when the folder was read.
  func tell(_ reading: KeyFolder.Reading, isFirst: Bool) {
    if !isFirst { log(reading.diagnostic, .notice) }
    for text in reading.problems { isFirst ? tell(.warning(text)) : log(text, .warning) }
    for text in reading.failures { tell(.warning(text)) }
  }
}

extension Urgency {
  /// The level of the log.
  fileprivate var level: Logger.Level {
    switch self {
    case .detail: .debug
    case .information: .info
    case .notice: .notice
    case .warning: .warning
    case .error: .error
    }
  }
}
