import Foundation
import GRDB
import ModelFiles

/// Why a file of a run directory could not be read or written.
package enum RunStorageError: Error, Equatable, Sendable {
  /// The folder or file cannot be opened or created.
  case cannotOpen(path: String, reason: String)
  /// Another coordinator holds the run directory.
  case inUse(path: String, holder: String)
  /// The file is not a journal of Elsa.
  case foreignFile(path: String)
  /// The journal was written by a newer program.
  case newerSchema(path: String, found: Int, supported: Int)
  /// The journal was written by a program so old that its journals are read no more.
  case olderSchema(path: String, found: Int, oldest: Int, commit: String)
  /// The journal's structure is damaged.
  case corrupt(path: String, diagnostic: String)
  /// One record of the journal is missing or is not what was written.
  case damagedRecord(path: String, sequence: Int, diagnostic: String)
  /// The journal's snapshot is not what was written; the records are not concerned.
  case damagedSnapshot(path: String, diagnostic: String)
  /// The disk or quota has no room left; nothing of the batch was written.
  case diskFull(path: String)
  /// Another process has kept the journal locked for longer than the time allowed.
  case busy(path: String)
  /// A newer coordinator has opened the journal, so that this one may no longer write.
  case superseded(path: String)
  /// The journal that was opened does not lie in its directory any more.
  case replaced(path: String)
  /// A folder is another user's, or others can write into it.
  case exposedFolder(path: String, reason: String)
  /// Other users can read or write a file that holds a secret key.
  case exposedSecret(path: String, mode: UInt16)
  /// A connection or key file is not what a coordinator writes.
  case malformedFile(path: String, diagnostic: String)
  /// A file is not the key that it should be.
  case malformedKey(path: String, diagnostic: String)
  /// Any other failure of a read or write, as the system says it.
  case failed(operation: String, path: String, reason: String)
}

extension RunStorageError: CustomStringConvertible {
  /// The diagnostic, with the next step.
  package var description: String {
    switch self {
    case .cannotOpen(let path, let reason): "cannot open \(path): \(reason)"
    case .inUse(let path, let holder):
      "\(path) is in use by another coordinator (\(holder)); stop it, or use another run directory"
    case .foreignFile(let path):
      "\(path) is not a journal of elsa; move it away, or use another run directory"
    case .newerSchema(let path, let found, let supported):
      "\(path) has format \(found), this program knows formats up to \(supported); use the "
        + "program that wrote it, or a newer one"
    case .olderSchema(let path, let found, let oldest, let commit):
      "\(path) has format \(found), this program knows formats from \(oldest) on; read it with "
        + "elsa built at commit \(commit)"
    case .corrupt(let path, let diagnostic):
      "the journal \(path) is damaged (\(diagnostic)); restore it from a copy, or start a new run"
    case .damagedRecord(let path, let sequence, let diagnostic):
      "record \(sequence) of the journal \(path) is damaged (\(diagnostic)); restore the "
        + "journal from a copy, or start a new run"
    case .damagedSnapshot(let path, let diagnostic):
      "the snapshot in the journal \(path) is damaged (\(diagnostic)); the records are read instead"
    case .diskFull(let path):
      "no room left on the disk of \(path); free some space and the run goes on"
    case .busy(let path):
      "another program keeps \(path) locked; close it"
    case .superseded(let path):
      "\(path) was taken over by a newer coordinator; this one must end"
    case .replaced(let path):
      "\(path) was removed or replaced while its coordinator ran, so that its results would be "
        + "lost; put it back and resume, or start a new run"
    case .exposedSecret(let path, let mode):
      "\(path) holds a secret key and others can read or write it (mode "
        + "\(String(mode, radix: 8))); run `chmod 600 \(path)`, or 440 for a group of yours"
    case .malformedFile(let path, let diagnostic):
      "\(path) is not a file that a coordinator writes: \(diagnostic); start the coordinator again"
    case .malformedKey(let path, let diagnostic):
      "\(path) is not a key: \(diagnostic); make keys with elsa keygen"
    case .exposedFolder(let path, let reason): "\(path) is not this user's alone: \(reason)"
    case .failed(let operation, let path, let reason): "cannot \(operation) \(path): \(reason)"
    }
  }

  /// Whether the same write may succeed later without anybody changing the program.
  package var isTemporary: Bool {
    switch self {
    case .diskFull, .busy, .failed: true
    default: false
    }
  }
}

extension RunStorageError {
  /// Converts what is wrong with a folder.
  init(_ fault: FolderFault) {
    switch fault {
    case .shared(let path, let reason): self = .exposedFolder(path: path, reason: reason)
    case .failed(let path, let reason): self = .cannotOpen(path: path, reason: reason)
    }
  }

  /// Converts what is wrong with a file that is written in one step.
  init(_ error: ModelFileError, path: String) {
    switch error {
    case .diskFull(let path, _): self = .diskFull(path: path)
    case .cannotWrite(let path, let reason):
      self = .failed(operation: "write", path: path, reason: reason)
    default: self = .failed(operation: "write", path: path, reason: "\(error)")
    }
  }

  /// Converts what GRDB throws.
  init(_ error: any Error, operation: String, path: String) {
    if let error = error as? RunStorageError {
      self = error
      return
    }
    guard let error = error as? DatabaseError else {
      self = .failed(operation: operation, path: path, reason: "\(error)")
      return
    }
    let diagnostic = error.message ?? "\(error.resultCode)"
    switch error.resultCode {
    case .SQLITE_FULL: self = .diskFull(path: path)
    case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(path: path)
    case .SQLITE_NOTADB: self = .foreignFile(path: path)
    case .SQLITE_CORRUPT: self = .corrupt(path: path, diagnostic: diagnostic)
    case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY:
      self = .cannotOpen(path: path, reason: diagnostic)
    default: self = .failed(operation: operation, path: path, reason: diagnostic)
    }
  }

  /// Describes the system's error number.
  static func diagnostic(errno code: Int32) -> String {
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
  }
}
