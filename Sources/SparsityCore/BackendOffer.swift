/// A backend that a machine has, and what of its options it can reproduce.
package struct BackendOffer: Hashable, Sendable {
  package let backend: Backend
  /// The values that the machine can reproduce, by option; an option that is missing may have any.
  package let values: [String: [String]]

  /// The most values of an option.
  package static let valueCountMax = 32

  /// Creates an offer.
  ///
  /// - Precondition: as of ``Numerics``, and no option has more than ``valueCountMax`` values.
  package init(backend: Backend, values: [String: [String]]) {
    precondition(values.count <= Numerics.optionCountMax)
    for (name, values) in values {
      precondition(values.count <= Self.valueCountMax)
      precondition(Numerics.isTerm(name) && values.allSatisfy(Numerics.isTerm))
    }
    self.backend = backend
    self.values = values
  }

  /// Whether an option may have a value.
  package func allows(_ value: String, for option: String) -> Bool {
    values[option].map { $0.contains(value) } ?? true
  }

  /// Whether the machine gives the bits that these numerics ask for.
  package func canReproduce(_ numerics: Numerics) -> Bool {
    backend == numerics.backend && numerics.options.allSatisfy { allows($0.value, for: $0.key) }
  }
}
