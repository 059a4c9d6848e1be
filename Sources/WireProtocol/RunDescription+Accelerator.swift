extension RunDescription {
  /// What the names of the parameters that hold the accelerator's profile begin with.
  private static let acceleratorPrefix = "accelerator."
  /// The characters of a parameter; four bytes each fit into the limit of a text.
  private static let pieceSize = WireLimits.textSizeMax / 4

  /// The text of the accelerator's profile, which travels in pieces among ``parameters``; `nil` if
  /// the run names a built-in profile only.
  package var acceleratorText: String? {
    var text: String?
    for index in 0..<WireLimits.parameterCountMax {
      guard let piece = parameters["\(Self.acceleratorPrefix)\(index)"] else { break }
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

  /// Returns the parameters that hold a profile's text, or `nil` if there are too many.
  package static func parameters(ofAccelerator text: String) -> [String: String]? {
    var parameters: [String: String] = [:]
    var rest = Substring(text)
    while !rest.isEmpty {
      guard parameters.count < WireLimits.parameterCountMax else { return nil }
      parameters["\(acceleratorPrefix)\(parameters.count)"] = String(rest.prefix(pieceSize))
      rest = rest.dropFirst(pieceSize)
    }
    return parameters
  }
}
