import Coordination
import Foundation

/// A small file that says which shards a worker has computed, one a line: candidate, slice, and
/// the microseconds that it took.
///
/// Lines are added with one write each, so that a killed worker leaves whole lines.
final class ShardCounterFile {
  private let path: String
  private let descriptor: Int32

  /// Opens or creates the file.
  init(path: String) throws(WorkerServiceError) {
    self.path = path
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw .counterFile(path: path, reason: unsafe String(cString: strerror(errno)))
    }
  }

  deinit { close(descriptor) }

  /// Adds a line.
  func add(_ task: EvaluationTask, microseconds: Int) throws(WorkerServiceError) {
    let shard = task.shard
    let line = Array("\(shard.candidate.rawValue) \(shard.slice) \(microseconds)\n".utf8)
    guard unsafe write(descriptor, line, line.count) == line.count else {
      throw .counterFile(path: path, reason: unsafe String(cString: strerror(errno)))
    }
  }
}
