extension RunDescription {
  /// A text that is too long for one parameter.
  package struct LongText {
    /// What the names of its parameters begin with.
    fileprivate let name: String

    /// The profile of the accelerator at a place; missing if the run names a built-in one only.
    package static func accelerator(_ place: Int) -> LongText {
      LongText(name: place == 0 ? "accelerator" : "accelerator\(place + 1)")
    }
    /// The decisions of the run file with what they cost; missing where there is a network.
    package static let decisions = LongText(name: "decisions")
  }

  /// The characters of a parameter; four bytes each fit into the limit of a text.
  private static let pieceSize = WireLimits.textSizeMax / 4

  /// Returns a text that travels in pieces among ``parameters``, or `nil` if there is none.
  package func text(of kind: LongText) -> String? {
    var text: String?
    for index in 0..<WireLimits.parameterCountMax {
      guard let piece = parameters["\(kind.name).\(index)"] else { break }
      text = (text ?? "") + piece
    }
    return text
  }

  /// The arithmetic that the weight bank was calibrated in, apart from ``numerics``; `nil` where
  /// nothing was calibrated.
  package var bankArithmetic: String? {
    get { parameters[Self.bankArithmeticName] }
    set { parameters[Self.bankArithmeticName] = newValue }
  }
  private static let bankArithmeticName = "bank.arithmetic"

  /// Returns the parameters that hold a text, or `nil` if there are too many.
  package static func parameters(of kind: LongText, _ text: String) -> [String: String]? {
    var parameters: [String: String] = [:]
    var rest = Substring(text)
    while !rest.isEmpty {
      guard parameters.count < WireLimits.parameterCountMax else { return nil }
      parameters["\(kind.name).\(parameters.count)"] = String(rest.prefix(pieceSize))
      rest = rest.dropFirst(pieceSize)
    }
    return parameters
  }
}
