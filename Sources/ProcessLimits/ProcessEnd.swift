import Glibc

/// How the process ends once its work is done.
package enum ProcessEnd {
  /// Ends the process with `status`: writes out what is buffered and skips the exit handlers.
  ///
  /// `exit` runs the destructors of libraries' globals while other threads go on. A thread that is
  /// still in such a library (an evaluation that nobody wants any more, inside oneDNN) then reads
  /// freed memory and the process dies of SIGSEGV instead of ending with its status. Nothing of
  /// ours relies on exit handlers.
  package static func now(status: Int32) -> Never {
    fflush(nil)
    _exit(status)
  }
}
