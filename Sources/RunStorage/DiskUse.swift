import Glibc
import WireProtocol

extension DiskUse {
  /// Looks at the disk of a run.
  package init(of directory: RunDirectory) {
    self.init()
    journalBytes = ["", "-wal"].reduce(0) { sum, suffix in
      var status = stat()
      return unsafe stat(directory.journalPath + suffix, &status) == 0
        ? sum + Int(status.st_size) : sum
    }
    var statistics = statvfs()
    freeBytes =
      unsafe statvfs(directory.path, &statistics) == 0
      ? Int(statistics.f_bavail) * Int(statistics.f_frsize) : 0
  }
}
