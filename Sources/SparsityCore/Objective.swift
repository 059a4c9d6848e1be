/// Something that is measured or computed of a candidate.
package enum Quantity: String, CaseIterable, Hashable, Sendable {
  /// The fraction of images classified correctly, in 0…1.
  case accuracy
  /// Images a second on the accelerator.
  case throughput
  /// Seconds for one batch on the accelerator.
  case latency
  /// Joules per image on the accelerator.
  case energy
  /// Bytes of weights and their metadata.
  case weightBytes
  /// Multiply-accumulates per image.
  case macs

  /// Whether more is better.
  package var isMaximized: Bool {
    switch self {
    case .accuracy, .throughput: true
    case .latency, .energy, .weightBytes, .macs: false
    }
  }

  /// Whether another accelerator gives another value.
  package var dependsOnAccelerator: Bool {
    switch self {
    case .throughput, .latency, .energy, .weightBytes: true
    case .accuracy, .macs: false
    }
  }
}

/// A quantity that a search improves or bounds, of one accelerator where a run has several.
///
/// Its text is `throughput`, or `throughput@edge` for that of the accelerator with the name `edge`.
package struct Objective: Hashable, Sendable {
  package let quantity: Quantity
  /// The name of the accelerator; `nil` for the only or first one of a run.
  package let accelerator: String?

  /// Creates the objective of a quantity.
  ///
  /// - Precondition: only what depends on the accelerator is that of one, and that has a name.
  package init(_ quantity: Quantity, on accelerator: String? = nil) {
    precondition(accelerator.map { quantity.dependsOnAccelerator && Self.isName($0) } ?? true)
    self.quantity = quantity
    self.accelerator = accelerator
  }

  /// The fraction of images classified correctly.
  package static let accuracy = Objective(.accuracy)
  /// Images a second on the only or first accelerator, as those that follow.
  package static let throughput = Objective(.throughput)
  package static let latency = Objective(.latency)
  package static let energy = Objective(.energy)
  package static let weightBytes = Objective(.weightBytes)
  package static let macs = Objective(.macs)

  /// Whether a text can name an accelerator: letters, digits, points, hyphens and underscores.
  package static func isName(_ text: some StringProtocol) -> Bool {
    nameSizeRange.contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte)
          || (0x61...0x7a).contains(byte) || "._-".utf8.contains(byte)
      }
  }

  /// The bytes of an accelerator's name.
  package static let nameSizeRange = 1...32
  /// What separates quantity and accelerator.
  package static let separator: Character = "@"

  /// Whether more is better; a search minimises the negated value of such an objective.
  package var isMaximized: Bool { quantity.isMaximized }

  /// Returns `value` in the sense that a search minimises; never negative zero.
  package func minimized(_ value: Double) -> Double { isMaximized ? 0 - value : value }

  /// Returns the natural value of what ``minimized(_:)`` gave.
  package func natural(_ minimized: Double) -> Double { isMaximized ? 0 - minimized : minimized }
}

extension Objective: RawRepresentable {
  /// The text, as in `throughput@edge`.
  package var rawValue: String {
    accelerator.map { "\(quantity.rawValue)\(Self.separator)\($0)" } ?? quantity.rawValue
  }

  /// Reads the text.
  package init?(rawValue: String) {
    let parts = rawValue.split(
      separator: Self.separator, maxSplits: 1, omittingEmptySubsequences: false)
    guard let quantity = Quantity(rawValue: String(parts[0])) else { return nil }
    guard parts.count == 2 else {
      self.init(quantity)
      return
    }
    guard quantity.dependsOnAccelerator, Self.isName(parts[1]) else { return nil }
    self.init(quantity, on: String(parts[1]))
  }
}
