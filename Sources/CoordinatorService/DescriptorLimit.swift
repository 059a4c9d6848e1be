import Glibc

/// The number of files and connections that this process may have open.
package enum DescriptorLimit {
  /// Raises the limit as far as the system allows and returns it.
  ///
  /// At the limit libzmq's thread would spin, so the coordinator stays below it: see
  /// ``sessionCountMax(limit:)``.
  package static func raise() -> Int {
    var limits = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else {
      return 1024
    }
    if limits.rlim_cur < limits.rlim_max {
      var raised = limits
      raised.rlim_cur = limits.rlim_max
      if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 {
        limits = raised
      }
    }
    return Int(clamping: limits.rlim_cur)
  }

  /// The limit as it is now.
  package static var current: Int {
    var limits = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else {
      return 1024
    }
    return Int(clamping: limits.rlim_cur)
  }

  /// The limit that systems usually have; below it users are told.
  package static let usual = 1024

  /// The sessions that a process with `limit` descriptors can serve.
  ///
  /// A session needs one; the rest is for files and for connections that are still being opened.
  package static func sessionCountMax(limit: Int) -> Int {
    max(1, limit - reserve(limit: limit))
  }

  /// The connections that a process with `limit` descriptors accepts: some more than sessions, so
  /// that anyone who comes too late is told so. The rest stays for keys, journal, log and inputs.
  package static func connectionCountMax(limit: Int) -> Int {
    sessionCountMax(limit: limit) + reserve(limit: limit) / 8
  }

  /// The connections that may wait in the kernel: they may all be accepted before the coordinator
  /// can tell that there are too many.
  package static func backlog(limit: Int) -> Int {
    max(8, reserve(limit: limit) / 4)
  }

  private static func reserve(limit: Int) -> Int { max(64, limit / 10) }
}
