/// The keys that may connect, and what the holders of each may do; keys are in Z85 text.
package struct PeerKeys: Hashable, Sendable {
  /// The names of the workers' keys.
  package var workers: [String: String]
  package var operators: Set<String>
  /// The coordinator's own key, which may be a worker's and was given to nobody, and its name.
  package var own: OwnKey?

  /// The coordinator's own key.
  package struct OwnKey: Hashable, Sendable {
    package let key: String
    /// Its name, which no other key has.
    package let name: String

    /// Creates the description of a key.
    package init(_ key: String, named name: String) {
      self.key = key
      self.name = name
    }
  }

  package init(
    workers: [String: String] = [:], operators: Set<String> = [], own: OwnKey? = nil
  ) {
    self.workers = workers
    self.operators = operators
    self.own = own
  }

  /// Whether the holder of a key may be a worker.
  package func allowsWorker(_ key: String) -> Bool { key == own?.key || workers[key] != nil }

  /// Whether the holder of a key may ask and tell as an operator.
  package func allowsOperator(_ key: String) -> Bool { operators.contains(key) }

  /// Whether the holder of a key may connect.
  package func allows(_ key: String) -> Bool { allowsWorker(key) || allowsOperator(key) }

  /// Returns the name of a worker's key, or the key itself where it has none.
  package func name(of key: String) -> String {
    if let own, own.key == key { return own.name }
    return workers[key] ?? key
  }
}
