import ArgumentParser
import ModelFiles

/// The number format of a checkpoint that is written.
enum OutputPrecision: String, ExpressibleByArgument, CaseIterable {
  case f32
  case bf16
  case f16

  /// The type of the tensors.
  var elementType: ElementType {
    switch self {
    case .f32: .float32
    case .bf16: .bfloat16
    case .f16: .float16
    }
  }
}
