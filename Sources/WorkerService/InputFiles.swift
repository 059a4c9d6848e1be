import Evaluation
import Glibc
import SparsityCore
import WireProtocol

/// The files that an evaluation reads, wherever they are from; the paths of those that the run has
/// not are empty.
package struct InputFiles: Sendable {
  /// The checkpoint.
  package var model: String
  /// The checkpoint's configuration.
  package var configuration: String
  /// The packed search set.
  package var data: String
  /// The weight bank, where it is stored.
  package var bank: String
  /// What keeps files of the cache from being removed as long as this value lives.
  private var locks: [FileLock] = []

  /// The files at the paths that a run names.
  package init(sharedBy description: RunDescription) {
    model = description.model?.path ?? ""
    let configuration = description.configuration?.path ?? ""
    self.configuration = configuration
    data = description.data?.path ?? ""
    let slash = configuration.utf8.lastIndex(of: UInt8(ascii: "/"))
    bank = (slash.map { String(configuration[...$0]) } ?? "") + BankFile.usualName
  }

  /// Returns what a run needs.
  static func roles(of description: RunDescription) -> [InputRole] {
    (description.model == nil ? [] : [.model, .configuration])
      + (description.data == nil ? [] : [.data])
      + (description.bank.isStored ? [.bank] : [])
  }

  /// The path of a file.
  subscript(role: InputRole) -> String {
    get {
      switch role {
      case .model: model
      case .configuration: configuration
      case .data: data
      case .bank: bank
      }
    }
    set {
      switch role {
      case .model: model = newValue
      case .configuration: configuration = newValue
      case .data: data = newValue
      case .bank: bank = newValue
      }
    }
  }

  /// Whether all files of some roles can be opened.
  func exist(_ roles: [InputRole]) -> Bool {
    roles.allSatisfy { unsafe access(self[$0], R_OK) == 0 }
  }

  /// Uses a file of the cache, which stays as long as its lock is held.
  mutating func use(_ path: String, for role: InputRole, holding lock: FileLock) {
    self[role] = path
    locks.append(lock)
  }
}
