import RunPreparation
import Synchronization

extension WorkObserver {
  /// Returns an observer that writes notifications and progress to standard error.
  static func terminal() -> WorkObserver {
    let progress = Mutex<SharedProgress?>(nil)
    var observer = WorkObserver()
    observer.notified = { Output.notify($0) }
    observer.began = { work in progress.withLock { $0 = SharedProgress(work) } }
    observer.progressed = { done, total, unit in
      progress.withLock { $0 }?.show(done: done, total: total, unit: unit)
    }
    observer.ended = { progress.withLock { $0 }?.finish() }
    return observer
  }
}
