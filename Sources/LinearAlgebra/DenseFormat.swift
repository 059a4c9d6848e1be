import COneDNN
import SparsityCore

/// The number format in which oneDNN multiplies.
package enum DenseFormat: Hashable, Sendable {
  /// Single precision.
  case f32
  /// bf16 operands and fp32 sums, by the processor's own instructions.
  case bf16

  /// Returns the format that serves a precision with some instructions.
  ///
  /// Without bf16 instructions, bf16 numbers are multiplied in fp32, where their products are
  /// exact; oneDNN would emulate them at a third of that speed, or not at all.
  package init(for precision: Precision, instructionSet: InstructionSet) {
    self = precision == .bf16 && instructionSet >= .avx512bf16 ? .bf16 : .f32
  }

  /// oneDNN's name of the format.
  var dataType: dnnl_data_type_t {
    switch self {
    case .f32: dnnl_f32
    case .bf16: dnnl_bf16
    }
  }
}
