/// An architecture of timm by its name.
struct TransformerName {
  /// The name, without the tag of a training run.
  let name: String
  /// The width of a token.
  let width: Int
  /// The blocks.
  let depth: Int
  /// The attention heads of a block.
  let heads: Int
  /// The hidden width of the perceptron as a multiple of the token's.
  let hiddenRatio: Double
  /// The side of a patch, in pixels.
  let patchSize: Int
  /// The side of the image, in pixels.
  let imageSize: Int
  /// What is computed beside.
  let features: TransformerFeatures
  /// Whether the head attends to the tokens; such a head is not built.
  let hasAttentionPooling: Bool

  /// The architectures with known sizes, in the order of the table.
  static let all = table.split(separator: "\n").map { TransformerName(row: String($0)) }
  private static let places = Dictionary(
    uniqueKeysWithValues: all.enumerated().map { ($1.name, $0) })

  /// Why the architecture of a name is not built, for those that are not.
  static let reasonsToRefuse: [String: String] = Dictionary(
    uniqueKeysWithValues: refusedTable.split(separator: "\n").map { line in
      let words = line.split(separator: " ").map(String.init)
      guard words.count == 2, let reason = reasons[words[1]] else {
        preconditionFailure("\(line) is no refused architecture")
      }
      return (words[0], reason)
    })

  private static let reasons = [
    "rms": "it normalises by the root mean square (RMSNorm)",
    "inner": "it has norms inside attention and perceptron",
    "parallel": "its blocks run attention and perceptron in parallel",
    "post": "its blocks normalise after attention and perceptron",
    "diff": "it has differential attention",
    "swiglu": "its perceptrons are gated (SwiGLU)",
  ]

  /// Returns the architecture of a name.
  static func named(_ name: String) -> TransformerName? { places[name].map { all[$0] } }

  /// Whether timm has the name in `vision_transformer` or `deit`.
  static func isKnown(_ name: String) -> Bool {
    places[name] != nil || reasonsToRefuse[name] != nil
  }

  /// Reads a line of the table.
  ///
  /// - Precondition: the line is written as the table says.
  init(row: String) {
    let words = row.split(separator: " ").map(String.init)
    let sizes = words.dropFirst().prefix(6).map(Self.number)
    precondition(sizes.count == 6, "\(row) has six sizes")
    name = words[0]
    width = Int(sizes[0])
    depth = Int(sizes[1])
    heads = Int(sizes[2])
    hiddenRatio = sizes[3]
    patchSize = Int(sizes[4])
    imageSize = Int(sizes[5])
    var features = TransformerFeatures()
    for word in words.dropFirst(7) {
      guard word != "map" else { continue }
      precondition(features.apply(word: word), "\(word) in \(row) is no feature")
    }
    self.features = features
    hasAttentionPooling = words.contains("map")
  }

  /// Returns a number, or the quotient of two.
  private static func number(_ text: String) -> Double {
    let parts = text.split(separator: "/").compactMap { Double($0) }
    precondition((1...2).contains(parts.count), "\(text) is no number")
    return parts.count == 2 ? parts[0] / parts[1] : parts[0]
  }
}

extension TransformerFeatures {
  /// Changes what a word of the table says; returns whether there is such a word.
  fileprivate mutating func apply(word: String) -> Bool {
    switch word {
    case "eps1e-5": layerNormEpsilon = 1e-5
    case "distilled": isDistilled = true
    case "noclass": hasClassToken = false
    case "patchpos": positions = .patches
    case "prenorm": hasPreNorm = true
    case "scale": hasLayerScale = true
    case "noqkvbias": hasQKVBias = false
    case "quickgelu": activation = .quickGELU
    case "gelutanh": activation = .geluTanh
    case "avg":
      pooling = .mean
      finalNorm = .afterPooling
    case "normfirst": finalNorm = .beforePooling
    case "nonorm": finalNorm = .none
    case "poolall": poolsExtraTokens = true
    default:
      guard word.hasPrefix("reg"), let count = Int(word.dropFirst(3)) else { return false }
      registers = count
    }
    return true
  }
}
