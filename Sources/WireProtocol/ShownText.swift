extension String {
  /// The text with its control and bidirectional characters written out, as in `\u{1B}`, so that
  /// it can neither steer a terminal nor begin a line nor turn the order of what stands around it.
  ///
  /// What was written out stays as it is when it passes here again.
  ///
  /// - Complexity: O(*n*)
  package var withControlsWrittenOut: String {
    // Most texts are plain: a look at their bytes is enough.
    guard utf8.contains(where: { $0 < 0x20 || $0 >= 0x7f }),
      unicodeScalars.contains(where: \.steersOutput)
    else { return self }
    var shown = ""
    for scalar in unicodeScalars {
      if scalar.steersOutput {
        shown += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      } else {
        shown.unicodeScalars.append(scalar)
      }
    }
    return shown
  }

  /// Whether the text holds a character that ``withControlsWrittenOut`` writes out.
  package var hasControls: Bool { unicodeScalars.contains(where: \.steersOutput) }
}

extension Unicode.Scalar {
  /// Whether the scalar does something to the text around it rather than showing anything.
  fileprivate var steersOutput: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: properties.isBidiControl
    }
  }
}

extension Double {
  /// The number as a sum of losses, or `nil` if it is none: a loss is finite and not negative.
  package var asSummedLoss: Double? { isFinite && self >= 0 ? self : nil }
}
