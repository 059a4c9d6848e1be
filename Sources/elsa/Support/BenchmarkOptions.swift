import ArgumentParser
import NetworkArchitectures
import SparseKernels
import SparsityCore

/// What the benchmarks of kernels and of models have in common.
struct BenchmarkOptions: ParsableArguments {
  @Option(
    name: .customLong("model"),
    help: ArgumentHelp(
      "A model: deit or swin, and _tiny, _small or _base; may be repeated (default: each deit).",
      valueName: "deit_tiny|…|swin_base"))
  var modelNames: [String] = []

  @Option(help: ArgumentHelp("The number format.", valueName: "f32|bf16"))
  var precision = Precision.bf16

  @Option(
    help: ArgumentHelp(
      "The instructions to use (default: the most able of this processor).",
      valueName: KernelVariant.allCases.map(\.rawValue).joined(separator: "|")))
  var variant: String?

  func validate() throws {
    _ = try models
    _ = try variantChoice
  }

  /// The models to measure.
  var models: [NamedNetwork] {
    get throws {
      let names = modelNames.isEmpty ? Self.plainModels : modelNames
      return try names.map { name in
        guard Self.knownModels.contains(name) else {
          throw ValidationError(
            "--model is \"\(name)\"; write \(Self.knownModels.joined(separator: ", ")).")
        }
        let sizes = Self.plainModels.contains(name) ? "patch16_224" : "patch4_window7_224"
        return try NetworkFamilies.network(named: "\(name)_\(sizes)")
      }
    }
  }

  /// The kernels to measure.
  var variantChoice: KernelVariant {
    get throws {
      guard let variant else { return .best(within: .detected) }
      guard let choice = KernelVariant(rawValue: variant) else {
        let known = KernelVariant.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("--variant is \"\(variant)\"; write one of \(known).")
      }
      guard choice.isSupported else {
        throw ValidationError("--variant \(variant) needs a processor with these instructions.")
      }
      return choice
    }
  }

  /// Reads patterns, or returns the default without any.
  static func patterns(_ texts: [String], default standard: [String]) throws -> [NMPattern] {
    let texts = texts.isEmpty ? standard : texts
    let patterns = try texts.map { text in
      guard let pattern = NMPattern(text) else {
        throw ValidationError("--pattern is \"\(text)\"; write N:M, as in 2:4.")
      }
      return pattern
    }
    guard Set(patterns).count == patterns.count else {
      throw ValidationError("--pattern names a pattern twice; name each once.")
    }
    return patterns
  }

  /// The models whose blocks are all alike.
  static let plainModels = ["deit_tiny", "deit_small", "deit_base"]
  private static let knownModels = plainModels + ["swin_tiny", "swin_small", "swin_base"]
}
