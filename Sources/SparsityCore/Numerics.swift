/// What computes the results of a run: a name, and a version that changes with the bits.
package struct Backend: Hashable, Sendable {
  /// The name, as in `elsa`.
  package let name: String
  /// The version; results of two versions are not compared.
  package let version: String

  /// Creates a backend.
  ///
  /// - Precondition: both texts are ``Numerics/isTerm(_:)``.
  package init(name: String, version: String) {
    precondition(Numerics.isTerm(name) && Numerics.isTerm(version))
    self.name = name
    self.version = version
  }
}

extension Backend {
  /// What a worker offers that has a program from outside: it says what it is once it knows the
  /// run.
  package static let fromOutside = Backend(name: "*", version: "*")
}

extension Backend: CustomStringConvertible {
  /// Name and version, as in `elsa/2`.
  package var description: String { "\(name)/\(version)" }
}

/// Everything about the arithmetic that changes the bits of a result: a backend and its options.
///
/// Results are the same for equal numerics, whatever the machine and the number of threads. A run
/// fixes one numerics; a worker that can do better is held to it, one that cannot reproduce it is
/// refused (``BackendOffer``). What the options mean is the backend's own affair.
package struct Numerics: Hashable, Sendable {
  /// What computes.
  package let backend: Backend
  /// The values of its options by name.
  package let options: [String: String]

  /// The bytes of the longest name, version or value.
  package static let termSizeMax = 64
  /// The most options of a backend.
  package static let optionCountMax = 16

  /// Creates the description of an arithmetic.
  ///
  /// - Precondition: names and values are ``isTerm(_:)``, and not more than ``optionCountMax``.
  package init(backend: Backend, options: [String: String]) {
    precondition(options.count <= Self.optionCountMax)
    precondition(options.allSatisfy { Self.isTerm($0.key) && Self.isTerm($0.value) })
    self.backend = backend
    self.options = options
  }

  /// Whether a text can be a name, a version or a value: it is not empty, not too long, and of
  /// printable ASCII without spaces and without the three marks between them.
  package static func isTerm(_ text: String) -> Bool {
    (1...termSizeMax).contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !marks.contains($0) }
  }

  private static let marks = Set("/;=".utf8)

  /// What ``isTerm(_:)`` asks for, as in "it is not …".
  package static let termDescription =
    "1 to \(termSizeMax) printable ASCII characters without spaces, /, ; and ="

  /// Returns the same arithmetic without some options, which are left open.
  package func opening(_ names: some Collection<String>) -> Numerics {
    Numerics(backend: backend, options: options.filter { !names.contains($0.key) })
  }

  /// Returns the same arithmetic with other values of some options.
  package func setting(_ changes: [String: String]) -> Numerics {
    Numerics(backend: backend, options: options.merging(changes) { _, new in new })
  }
}

extension Numerics: CustomStringConvertible {
  /// The canonical text that content hashes are taken of, as in
  /// `elsa/2;batch=4;instructionSet=avx2;precision=f32`.
  package var description: String {
    let options = options.sorted { $0.key < $1.key }.map { ";\($0.key)=\($0.value)" }
    return "\(backend)\(options.joined())"
  }
}
