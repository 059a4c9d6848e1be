import Foundation
import RunStorage
import TextReports
import WireProtocol

extension RunOpening {
  /// Returns the first start of the run that a directory's journal holds, if it has begun one.
  package static func first(in directory: RunDirectory) throws -> RunOpening? {
    // A coordinator that was killed at once leaves an empty file.
    let attributes = try? FileManager.default.attributesOfItem(atPath: directory.journalPath)
    guard let size = attributes?[.size] as? Int, size > 0 else { return nil }
    return try first(of: JournalReader(of: directory), in: directory)
  }

  /// Returns the first start of a run in its journal, if there is one.
  package static func first(
    of reader: JournalReader, in directory: RunDirectory
  ) throws -> RunOpening? {
    guard let first = try reader.records(countMax: 1).first else { return nil }
    guard case .opened(let opening) = first else {
      throw ExplainedError(
        "the journal in \(directory.path) does not begin with the start of a run",
        nextStep: "restore it from a copy, or start a new run")
    }
    return opening
  }
}
