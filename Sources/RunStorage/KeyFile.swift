import Foundation
import Glibc

/// What the holder of a key may do.
package enum KeyRole: String, Codable, CaseIterable, Hashable, Sendable {
  /// Be the coordinator.
  case server
  /// Evaluate candidates.
  case worker
  /// Ask how a run is doing, and tell workers to leave.
  case `operator`

  /// The role as text, as in "the key of a worker".
  package var diagnostic: String {
    switch self {
    case .server: "a coordinator"
    case .worker: "a worker"
    case .operator: "an operator"
    }
  }
}

/// A CURVE key on disk: the pair in `NAME.key` for its owner, the public half in `NAME.pub`.
package struct KeyFile: Codable, Hashable, Sendable {
  /// The version of the file's form.
  package var version = 1
  /// What the key is for.
  package var role: KeyRole
  /// The owner's name for users.
  package var name: String
  /// The public half, in Z85 text.
  package var publicKey: String
  /// The secret half, in Z85 text, or `nil` in the file for others.
  package var secretKey: String?

  /// The ending of files that hold the secret half.
  package static let secretSuffix = ".key"
  /// The ending of files that others may read.
  package static let publicSuffix = ".pub"

  /// Creates the content of a file.
  package init(role: KeyRole, name: String, publicKey: String, secretKey: String?) {
    self.role = role
    self.name = name
    self.publicKey = publicKey
    self.secretKey = secretKey
  }

  /// Reads a file.
  ///
  /// - Throws: ``RunStorageError``: missing, malformed, or readable by others in spite of a secret.
  package init(path: String) throws(RunStorageError) {
    let file: KeyFile
    do throws(RunStorageError) {
      file = try PrivateFile(path: path).read(KeyFile.self) { $0.secretKey != nil }
    } catch {
      if case .malformedFile(_, let diagnostic) = error {
        throw .malformedKey(path: path, diagnostic: diagnostic)
      }
      throw error
    }
    guard file.version == 1 else {
      throw .malformedKey(path: path, diagnostic: "version \(file.version) is not supported")
    }
    self = file
  }

  /// The file for others: without the secret half.
  package var publicPart: KeyFile {
    KeyFile(role: role, name: name, publicKey: publicKey, secretKey: nil)
  }

  /// Returns the secret half, if the file is the key of a process with this role.
  package func secret(of role: KeyRole, path: String) throws(RunStorageError) -> String {
    guard role == self.role else {
      throw .malformedKey(path: path, diagnostic: "it is the key of \(self.role.diagnostic)")
    }
    guard let secretKey else {
      throw .malformedKey(path: path, diagnostic: "it is the public half, for others")
    }
    return secretKey
  }

  /// Writes the file in one step; only its owner may read it if it holds the secret half.
  package func write(to path: String) throws(RunStorageError) {
    try PrivateFile(path: path).write(self, mode: secretKey == nil ? 0o644 : 0o600)
  }

  /// Whether a text can be the name of a key: 1 to 64 letters, digits, dots, hyphens, underscores,
  /// and no dot at the beginning.
  package static func isName(_ text: String) -> Bool {
    let marks = Set("._-".utf8)
    return (1...64).contains(text.utf8.count) && !text.hasPrefix(".")
      && text.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || marks.contains(byte)
      }
  }
}

extension RunDirectory {
  /// Where the public keys lie that may connect to the run: `workers/NAME.pub` and
  /// `operators/NAME.pub`.
  package var keyFolder: String { file("keys") }

  /// The folder of the public keys of a role, or `nil` for the coordinator's own.
  package func keyFolder(of role: KeyRole) -> String? {
    switch role {
    case .server: nil
    case .worker: keyFolder + "/workers"
    case .operator: keyFolder + "/operators"
    }
  }

  /// Creates the folder of the public keys of a role, for this user alone, and returns its path.
  ///
  /// - Precondition: the role is not the coordinator's.
  /// - Throws: ``RunStorageError``: it cannot be made, is another user's, or others can write into
  ///   it.
  @discardableResult
  package func createKeyFolder(of role: KeyRole) throws(RunStorageError) -> String {
    guard let folder = keyFolder(of: role) else {
      preconditionFailure("the coordinator's key needs no permission")
    }
    try create(keyFolder)
    try create(folder)
    return folder
  }

  /// Lets the owner of a key connect to the run, now and after restarts.
  ///
  /// - Precondition: the key is not a coordinator's.
  /// - Returns: the path of the file that has to be removed to revoke the key.
  @discardableResult
  package func authorize(_ key: KeyFile) throws(RunStorageError) -> String {
    let folder = try createKeyFolder(of: key.role)
    let path = "\(folder)/\(key.name)\(KeyFile.publicSuffix)"
    try key.publicPart.write(to: path)
    return path
  }

  /// Takes a key's right to connect to the run; returns whether it had one.
  ///
  /// - Precondition: the role is not the coordinator's.
  /// - Throws: ``RunStorageError``: the file is there and cannot be removed.
  package func revoke(_ role: KeyRole, name: String) throws(RunStorageError) -> Bool {
    precondition(KeyFile.isName(name))
    guard let folder = keyFolder(of: role) else { return false }
    let path = "\(folder)/\(name)\(KeyFile.publicSuffix)"
    guard unsafe unlink(path) != 0 else { return true }
    guard errno == ENOENT else {
      let reason = unsafe String(cString: strerror(errno))
      throw .failed(operation: "remove", path: path, reason: reason)
    }
    return false
  }

  /// The names of the keys of a role that may connect, in order; none if the folder cannot be read.
  package func keyNames(of role: KeyRole) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: keyFolder(of: role) ?? ""))
    return (names ?? []).filter { $0.hasSuffix(KeyFile.publicSuffix) }
      .map { String($0.dropLast(KeyFile.publicSuffix.count)) }.sorted()
  }
}
