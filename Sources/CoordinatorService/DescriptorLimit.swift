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

  /// The limit that systems usually have; below it people are told.
  package static let usual = 1024

  /// The sessions that a process with `limit` descriptors can serve.
  ///
  /// A session needs one; the rest is for files and for connections that are still being opened.
  package static func sessionCountMax(limit: Int) -> Int {
    max(1, limit - max(64, limit / 10))
  }
}
