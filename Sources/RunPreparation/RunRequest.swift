import Foundation
import RunFiles
import RunStorage
import TextReports

/// What a command was told to run: a run file, what the run directory holds, or whichever applies.
///
/// Creating one reads the run file and writes nothing.
package struct RunRequest {
  /// The run file that was given, with absolute paths; `nil` goes on with what the directory holds.
  package let runFile: RunFile?
  /// Where it was read.
  package let path: String?
  /// Whether only a run that is there already may go on.
  package let insistsOnRun: Bool

  /// Reads what the arguments of a command name.
  ///
  /// - Throws: ``RunFiles/RunFileError`` with line and column, or ``TextReports/ExplainedError``.
  package init(path: String?, insistsOnRun: Bool) throws {
    precondition(path != nil || insistsOnRun)
    self.path = path
    self.runFile = try path.map { try RunFile(path: $0) }
    self.insistsOnRun = insistsOnRun
  }

  /// Throws unless a directory holds the run that must be there; call it before the folder is made.
  package func check(_ directory: RunDirectory) throws {
    guard insistsOnRun, !directory.holdsRun else { return }
    throw ExplainedError(
      "no run to resume in \(directory.path)",
      nextStep: "give a run file without --resume to start a new run there")
  }
}
