import CProcessLimits
import Glibc

/// Keeps the secrets of this process from the disk and from other processes.
package enum SecretKeeping {
  /// Forbids core dumps, and other processes of this user to look into the memory of this one.
  ///
  /// What this process starts is not concerned. Debuggers of other users than root are shut out.
  ///
  /// - Returns: what the system has not granted, as text.
  package static func begin() -> [String] {
    var refused: [String] = []
    var limit = rlimit(rlim_cur: 0, rlim_max: 0)
    if unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) != 0 {
      refused.append("core dumps cannot be forbidden: \(systemReason())")
    }
    if cpl_set_dumpable(0) != 0 {
      refused.append(
        "the memory of this process cannot be closed to others of the same user: "
          + systemReason())
    }
    return refused
  }

  /// Takes a secret out of the environment, so that neither `/proc` nor the programs that this one
  /// starts show it.
  ///
  /// Call it before other threads start.
  ///
  /// - Returns: the secret, or `nil` if the environment holds none of this name.
  package static func takeFromEnvironment(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    let secret = unsafe String(cString: value)
    // What a process was started with stays where /proc reads it, whatever is unset.
    unsafe explicit_bzero(value, strlen(value))
    unsafe unsetenv(name)
    return secret
  }

  /// The words for the error number that the last system call left.
  private static func systemReason() -> String { unsafe String(cString: strerror(errno)) }
}
