import SparsityCore
import WireProtocol

/// A file of the run that workers without a shared file system may fetch.
package struct ServedInput: Hashable, Sendable {
  /// What the file is for.
  package var role: InputRole
  /// Where it lies; workers never name a path.
  package var path: String
  /// The SHA-256 of its bytes where that is known; else it is computed when a worker first asks.
  package var content: ContentHash?

  /// Creates the description of a file.
  package init(role: InputRole, path: String, content: ContentHash? = nil) {
    self.role = role
    self.path = path
    self.content = content
  }
}
