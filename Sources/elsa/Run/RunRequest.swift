import Foundation
import RunFiles
import RunStorage

/// What a command was told to run: a run file, what the run directory holds, or whichever applies.
///
/// Creating one reads the run file and writes nothing.
struct RunRequest {
  /// The run file that was given, with absolute paths; `nil` goes on with what the directory holds.
  let runFile: RunFile?
  /// Where it was read.
  let path: String?
  /// Whether only a run that is there already may go on.
  let insistsOnRun: Bool

  /// Reads what the arguments of a command name.
  ///
  /// - Throws: ``RunFileError`` with line and column, or ``CommandFailure``.
  init(path: String?, insistsOnRun: Bool) throws {
    precondition(path != nil || insistsOnRun)
    self.path = path
    self.runFile = try path.map(PreparedRun.read)
    self.insistsOnRun = insistsOnRun
  }

  /// Throws unless a directory holds the run that must be there; call it before the folder is made.
  func check(_ directory: RunDirectory) throws {
    guard insistsOnRun, !directory.holdsRun else { return }
    throw CommandFailure(
      "no run to resume in \(directory.path)",
      nextStep: "give a run file without --resume to start a new run there")
  }
}
